
// ---- handlers with a callback -------------------------------------------
// Until Node.js 22 Lambda gives every handler a callback: one with a rest
// parameter, arguments or a default value declares none. From 24 on it refuses
// handlers that declare a third parameter, and gives others none. Here those get
// it in every release, so that what AWS has published for years runs as it is.
// What comes first counts: the callback, or the result. With neither there is no
// result once nothing is left to do.

function givesCallbacks() {
  const [, release] = /nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV) ?? /(\d+)/.exec(process.versions.node);
  return Number(release) < 24;
}

function called(handler) {
  return (event, context) => {
    let idle;
    return new Promise((resolve, reject) => {
      const callback = (err, result) => (absent(err) ? resolve(result) : reject(err));
      const returned = handler(event, context, callback);
      if (typeof returned?.then === 'function') returned.then(resolve, reject);
      else if (returned !== undefined && handler.length < 3) resolve(returned);
      else process.once('beforeExit', idle = () => resolve());
    }).finally(() => idle && process.removeListener('beforeExit', idle));
  };
}
