
// ---- handlers with a callback -------------------------------------------
// From Node.js 24 on Lambda refuses a handler that declares a third parameter.
// Here it gets a callback in every release, so that what AWS has published for
// years runs as it is. What comes first counts: the callback, or the promise.

function called(handler) {
  return (event, context) => new Promise((resolve, reject) => {
    const callback = (err, result) => (absent(err) ? resolve(result) : reject(err));
    const returned = handler(event, context, callback);
    if (typeof returned?.then === 'function') returned.then(resolve, reject);
  });
}
