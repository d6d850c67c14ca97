//: imports:
// ---- the handler --------------------------------------------------------

const imports = {
  edge, // with edge
  wasi_snapshot_preview1: wasi, // with wasi
};

//: failed:
// failed logs why the module failed, and decides what becomes of the event.
function failed(err) {
  if (atWork) guest = null; // a trap, or a host call that was refused halfway through
  atWork = false;
  flush(); // with outputs
  console.error(err?.stack ?? String(err));
  return cf === null ? undefined : restored(); // with continue
  throw err; // without continue
}

//: always: start restart handle failed refuse

// Two parameters, because Node.js 24 on Lambda refuses handlers that declare
// three. There is nothing to await: events of one instance never overlap.
exports.handler = (async function (event, context) {
  cf = event.Records[0].cf;
  kind = KINDS.indexOf(cf.config.eventType);
  listed = null; // with list
  undo.length = 0; // with undo
  try {
    if (kind < 0) refuse(`event type ${JSON.stringify(cf.config.eventType)} is unknown`);
    if (guest === null) restart();
    const result = handle();
    flush(); // with outputs
    return result;
  } catch (err) {
    return failed(err);
  }
});

// Not loading at all is the clearest failure, unless traffic must go on: then the
// next event tries again.
try {
  start();
} catch (err) {
  failed(err);
}
