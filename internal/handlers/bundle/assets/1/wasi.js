//: wasi:
// ---- WASI preview 1 (docs/wasi.md) --------------------------------------
// Clocks, randomness, standard output to the function's log, and nothing else:
// no files, no sockets, no arguments, no environment. What stands in wasi is what
// the module imports.

const wasi = {};

//: SUCCESS:
// Numbers of the witx files of WebAssembly/WASI, snapshot preview 1.
const SUCCESS = 0;
//: EBADF:
const EBADF = 8;
//: EINVAL:
const EINVAL = 28;
//: ENOTSUP:
const ENOTSUP = 58;
//: ESPIPE:
const ESPIPE = 70;
//: ENOTCAPABLE:
const ENOTCAPABLE = 76;
//: STDIN:
const STDIN = 0;
//: STDOUT:
const STDOUT = 1;
//: STDERR:
const STDERR = 2;
//: CHARACTER_DEVICE:
const CHARACTER_DEVICE = 2;

//: put32: at memory
function put32(ptr, value) { memory().writeUInt32LE(value, at(ptr, 4)); }

//: put64: at memory
function put64(ptr, value) { memory().writeBigUInt64LE(value, at(ptr, 8)); }

//: zeroed: at memory
// zeroed clears a range of guest memory and returns its first byte.
function zeroed(ptr, len) {
  const from = at(ptr, len);
  memory().fill(0, from, from + len);
  return from;
}

//: open: STDIN STDOUT STDERR
// ---- standard input, output and error -----------------------------------

let open; // descriptors that the instance has not closed

//: on: open EBADF
// on makes a function for open descriptors from one that returns an errno.
const on = (act) => (fd, ...rest) => (open.has(fd) ? act(fd, ...rest) : EBADF);

//: outputs:
let outputs; // of the instance, by descriptor: half a character, and the rest of a line

function flush() {
  for (const output of Object.values(outputs)) {
    output.line += output.decoder.end(); // half a character, if any
    if (output.line !== '') console[output.log](output.line);
    output.line = '';
  }
}

//: outputOf: outputs STDERR
function outputOf(fd) {
  const { StringDecoder } = require('node:string_decoder');
  return (outputs[fd] ??= { decoder: new StringDecoder('utf8'), line: '', log: fd === STDERR ? 'error' : 'log' });
}

//: print:
const LONGEST_LINE = 64 * 1024; // characters; a longer one is logged in pieces

function print(output, part) {
  const lines = (output.line + part).split('\n');
  output.line = lines.pop();
  for (const line of lines) console[output.log](line);
  while (output.line.length > LONGEST_LINE) {
    console[output.log](output.line.slice(0, LONGEST_LINE));
    output.line = output.line.slice(LONGEST_LINE);
  }
}

//: wasi.fd_write: wasi on STDOUT STDERR ENOTCAPABLE SUCCESS at memory put32 outputOf print
wasi.fd_write = on((fd, iovs, count, written) => {
  if (fd !== STDOUT && fd !== STDERR) return ENOTCAPABLE;
  const output = outputOf(fd);
  const first = iovs >>> 0;
  // All of the list is read before anything is printed.
  const buffers = Array.from({ length: count >>> 0 }, (_, i) => {
    const pair = at(first + 8 * i, 8);
    return [memory().readUInt32LE(pair), memory().readUInt32LE(pair + 4)];
  });
  let total = 0;
  for (const [ptr, len] of buffers) {
    const from = at(ptr, len);
    print(output, output.decoder.write(memory().subarray(from, from + len)));
    total += len;
  }
  put32(written, total);
  return SUCCESS;
});

//: wasi.fd_read: wasi on STDIN ENOTCAPABLE SUCCESS put32
wasi.fd_read = on((fd, iovs, count, got) => {
  if (fd !== STDIN) return ENOTCAPABLE;
  put32(got, 0); // its end
  return SUCCESS;
});

//: wasi.fd_close: wasi on open SUCCESS
wasi.fd_close = on((fd) => {
  open.delete(fd);
  return SUCCESS;
});

//: wasi.fd_sync: wasi on outputs SUCCESS
wasi.fd_sync = on(() => {
  flush();
  return SUCCESS;
});
//: wasi.fd_datasync: wasi on outputs SUCCESS
wasi.fd_datasync = on(() => {
  flush();
  return SUCCESS;
});

//: wasi.fd_fdstat_get: wasi on zeroed CHARACTER_DEVICE memory put64 STDIN SUCCESS
// A character device that cannot seek is a terminal to C's stdio, which then
// writes whole lines instead of keeping 4 KB until an exit that never comes.
wasi.fd_fdstat_get = on((fd, to) => {
  const RIGHT_READ = 1n << 1n;
  const RIGHT_WRITE = 1n << 6n;
  const from = zeroed(to, 24);
  memory().writeUInt8(CHARACTER_DEVICE, from);
  put64(from + 8, fd === STDIN ? RIGHT_READ : RIGHT_WRITE);
  return SUCCESS;
});

//: wasi.fd_filestat_get: wasi on zeroed CHARACTER_DEVICE memory SUCCESS
wasi.fd_filestat_get = on((fd, to) => {
  memory().writeUInt8(CHARACTER_DEVICE, zeroed(to, 64) + 16);
  return SUCCESS;
});

//: wasi.fd_fdstat_set_flags: wasi on SUCCESS ENOTSUP
wasi.fd_fdstat_set_flags = on((fd, flags) => (flags === 0 ? SUCCESS : ENOTSUP));

//: wasi.fd_prestat_get: wasi EBADF
wasi.fd_prestat_get = () => EBADF; // no folder was given
//: wasi.fd_prestat_dir_name: wasi EBADF
wasi.fd_prestat_dir_name = () => EBADF;

//: wasi.fd_seek: wasi on ESPIPE
wasi.fd_seek = on(() => ESPIPE);
//: wasi.fd_tell: wasi on ESPIPE
wasi.fd_tell = on(() => ESPIPE);
//: wasi.fd_pread: wasi on ESPIPE
wasi.fd_pread = on(() => ESPIPE);
//: wasi.fd_pwrite: wasi on ESPIPE
wasi.fd_pwrite = on(() => ESPIPE);
//: wasi.fd_advise: wasi on ESPIPE
wasi.fd_advise = on(() => ESPIPE);
//: wasi.fd_allocate: wasi on ENOTSUP
wasi.fd_allocate = on(() => ENOTSUP);
//: wasi.fd_fdstat_set_rights: wasi on ENOTSUP
wasi.fd_fdstat_set_rights = on(() => ENOTSUP);
//: wasi.fd_filestat_set_size: wasi on ENOTSUP
wasi.fd_filestat_set_size = on(() => ENOTSUP);
//: wasi.fd_filestat_set_times: wasi on ENOTSUP
wasi.fd_filestat_set_times = on(() => ENOTSUP);
//: wasi.fd_readdir: wasi on ENOTSUP
wasi.fd_readdir = on(() => ENOTSUP);
//: wasi.fd_renumber: wasi on ENOTSUP
wasi.fd_renumber = on(() => ENOTSUP);

//: wasi.args_get: wasi SUCCESS
// ---- arguments and variables, of which there are none --------------------

wasi.args_get = () => SUCCESS;
//: wasi.environ_get: wasi SUCCESS
wasi.environ_get = () => SUCCESS;
//: none: put32 SUCCESS
function none(count, bytes) {
  put32(count, 0);
  put32(bytes, 0);
  return SUCCESS;
}
//: wasi.args_sizes_get: wasi none
wasi.args_sizes_get = none;
//: wasi.environ_sizes_get: wasi none
wasi.environ_sizes_get = none;

//: CLOCKS:
// ---- time and chance ----------------------------------------------------

// Date.now and not performance.now: Lambda freezes instances between events,
// and only the wall clock goes on meanwhile.
const CLOCKS = [
  { now: () => BigInt(Date.now()) * 1000000n, resolution: 1000000n }, // real time
  { now: () => process.hrtime.bigint(), resolution: 1n }, // monotonic
];

//: wasi.clock_res_get: wasi CLOCKS EINVAL put64 SUCCESS
wasi.clock_res_get = (id, to) => {
  if (!CLOCKS[id]) return EINVAL;
  put64(to, CLOCKS[id].resolution);
  return SUCCESS;
};

//: wasi.clock_time_get: wasi CLOCKS EINVAL put64 SUCCESS
wasi.clock_time_get = (id, precision, to) => {
  if (!CLOCKS[id]) return EINVAL;
  put64(to, CLOCKS[id].now());
  return SUCCESS;
};

//: wasi.random_get: wasi at memory SUCCESS
wasi.random_get = (ptr, len) => {
  const size = len >>> 0;
  // Asked for here: many modules never do, and loading it takes a while.
  require('node:crypto').randomFillSync(memory(), at(ptr, size), size);
  return SUCCESS;
};

//: due: memory STDIN STDOUT STDERR open CLOCKS SUCCESS EBADF EINVAL ENOTCAPABLE
// due reads one subscription: what it waits for, and how long from now in ns.
function due(from) {
  const bytes = memory();
  const event = { userdata: bytes.readBigUInt64LE(from), type: bytes.readUInt8(from + 8), errno: SUCCESS, wait: 0n };
  if (event.type !== 0) { // not a clock, but 1 to read or 2 to write
    const fd = bytes.readUInt32LE(from + 16);
    const able = event.type === 1 ? fd === STDIN : fd === STDOUT || fd === STDERR;
    if (!open.has(fd)) event.errno = EBADF;
    else if (!able) event.errno = ENOTCAPABLE;
    return event;
  }
  const clock = CLOCKS[bytes.readUInt32LE(from + 16)];
  if (!clock) return { ...event, errno: EINVAL };
  event.wait = bytes.readBigUInt64LE(from + 24);
  if (bytes.readUInt16LE(from + 40) & 1) event.wait -= clock.now(); // an absolute time
  return event;
}

//: wasi.poll_oneoff: wasi due at zeroed memory put32 put64 EINVAL SUCCESS
wasi.poll_oneoff = (subscriptions, events, count, got) => {
  const n = count >>> 0;
  if (n === 0) return EINVAL;
  const from = at(subscriptions, Math.min(48 * n, 2 ** 32 - 1)); // at takes 32 bits
  const all = Array.from({ length: n }, (_, i) => due(from + 48 * i));
  const first = all.reduce((least, e) => (e.wait < least ? e.wait : least), all[0].wait);
  // Nothing else can run while a module sleeps, so the thread sleeps with it.
  if (first > 0n) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(first) / 1e6);
  const done = all.filter((e) => e.wait <= first || e.wait <= 0n);
  const to = at(events, 32 * n);
  done.forEach((e, i) => {
    const event = zeroed(to + 32 * i, 32);
    put64(event, e.userdata);
    memory().writeUInt16LE(e.errno, event + 8);
    memory().writeUInt8(e.type, event + 10);
  });
  put32(got, done.length);
  return SUCCESS;
};

//: wasi.sched_yield: wasi SUCCESS
wasi.sched_yield = () => SUCCESS;

//: wasi.proc_exit: wasi refuse
// ---- what a handler cannot have -----------------------------------------
// Programs find out before they ask, because they are given no folder and no
// socket; one that asks all the same fails.

wasi.proc_exit = (code) => refuse(`proc_exit(${code}): the module ended itself; a handler returns from edge_handle`);

//: refused: refuse
const refused = (name, why) => () => refuse(`${name}: a handler at the edge ${why}`);

//: wasi.path_create_directory: wasi refused
wasi.path_create_directory = refused('path_create_directory', 'has no files');
//: wasi.path_filestat_get: wasi refused
wasi.path_filestat_get = refused('path_filestat_get', 'has no files');
//: wasi.path_filestat_set_times: wasi refused
wasi.path_filestat_set_times = refused('path_filestat_set_times', 'has no files');
//: wasi.path_link: wasi refused
wasi.path_link = refused('path_link', 'has no files');
//: wasi.path_open: wasi refused
wasi.path_open = refused('path_open', 'has no files');
//: wasi.path_readlink: wasi refused
wasi.path_readlink = refused('path_readlink', 'has no files');
//: wasi.path_remove_directory: wasi refused
wasi.path_remove_directory = refused('path_remove_directory', 'has no files');
//: wasi.path_rename: wasi refused
wasi.path_rename = refused('path_rename', 'has no files');
//: wasi.path_symlink: wasi refused
wasi.path_symlink = refused('path_symlink', 'has no files');
//: wasi.path_unlink_file: wasi refused
wasi.path_unlink_file = refused('path_unlink_file', 'has no files');
//: wasi.sock_accept: wasi refused
wasi.sock_accept = refused('sock_accept', 'has no sockets');
//: wasi.sock_recv: wasi refused
wasi.sock_recv = refused('sock_recv', 'has no sockets');
//: wasi.sock_send: wasi refused
wasi.sock_send = refused('sock_send', 'has no sockets');
//: wasi.sock_shutdown: wasi refused
wasi.sock_shutdown = refused('sock_shutdown', 'has no sockets');
//: wasi.proc_raise: wasi refused
wasi.proc_raise = refused('proc_raise', 'has no signals');
