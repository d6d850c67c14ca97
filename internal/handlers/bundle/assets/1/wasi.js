'use strict';
// WASI preview 1 for handlers at the edge: clocks, randomness, standard output
// to the function's log, and nothing else. No files, no sockets, no arguments,
// no environment. docs/wasi.md says what each function does.
//
// module.exports(memory) makes the imports of one instance; memory() returns a
// Buffer over all of its memory, a new one after it has grown.

const { StringDecoder } = require('node:string_decoder');

class WasiError extends Error {
  get name() { return 'WasiError'; }
}

// Numbers of the witx files of WebAssembly/WASI, snapshot preview 1.
const SUCCESS = 0;
const EBADF = 8;
const EINVAL = 28;
const ENOTSUP = 58;
const ESPIPE = 70;
const ENOTCAPABLE = 76;

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const CHARACTER_DEVICE = 2;
const RIGHT_READ = 1 << 1;
const RIGHT_WRITE = 1 << 6;

const REALTIME = 0;
const MONOTONIC = 1;
const NS_PER_MS = 1000000n;

const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const ON_CLOCK = 0;
const ON_READ = 1;
const ABSOLUTE = 1;

const LONGEST_LINE = 64 * 1024; // characters; a longer one is logged in pieces

// What a handler cannot have. Programs find out before they ask, because they
// are given no folder and no socket; one that asks all the same fails.
const REFUSED = {
  'has no files': [
    'path_create_directory', 'path_filestat_get', 'path_filestat_set_times', 'path_link', 'path_open',
    'path_readlink', 'path_remove_directory', 'path_rename', 'path_symlink', 'path_unlink_file',
  ],
  'has no sockets': ['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown'],
  'has no signals': ['proc_raise'],
};

// Date.now and not performance.now: Lambda freezes instances between events,
// and only the wall clock goes on meanwhile.
const CLOCKS = {
  [REALTIME]: { now: () => BigInt(Date.now()) * NS_PER_MS, resolution: NS_PER_MS },
  [MONOTONIC]: { now: () => process.hrtime.bigint(), resolution: 1n },
};

// Nothing else can run while a module sleeps, so the thread sleeps with it.
const never = new Int32Array(new SharedArrayBuffer(4));
function sleep(ns) {
  if (ns > 0n) Atomics.wait(never, 0, 0, Number(ns) / 1e6);
}

module.exports = (memory) => {
  // at checks a range and returns its first byte; addresses arrive signed.
  function at(ptr, len) {
    const from = ptr >>> 0;
    const size = memory().length;
    if (from + len > size) throw new WasiError(`address ${from} + ${len} is outside of the ${size} bytes of memory`);
    return from;
  }
  const u32 = (ptr) => memory().readUInt32LE(at(ptr, 4));
  const put32 = (ptr, value) => { memory().writeUInt32LE(value, at(ptr, 4)); };
  const put64 = (ptr, value) => { memory().writeBigUInt64LE(value, at(ptr, 8)); };

  // ---- standard input, output and error ---------------------------------

  const outputs = {
    [STDOUT]: { decoder: new StringDecoder('utf8'), line: '', log: (line) => console.log(line) },
    [STDERR]: { decoder: new StringDecoder('utf8'), line: '', log: (line) => console.error(line) },
  };
  const open = new Set([STDIN, STDOUT, STDERR]);

  function print(output, text) {
    const lines = (output.line + text).split('\n');
    output.line = lines.pop();
    for (const line of lines) output.log(line);
    while (output.line.length > LONGEST_LINE) {
      output.log(output.line.slice(0, LONGEST_LINE));
      output.line = output.line.slice(LONGEST_LINE);
    }
  }
  function flush() {
    for (const output of Object.values(outputs)) {
      output.line += output.decoder.end(); // half a character, if any
      if (output.line !== '') output.log(output.line);
      output.line = '';
    }
  }

  // on makes a function for open descriptors from one that returns an errno.
  const on = (act) => (fd, ...rest) => (open.has(fd) ? act(fd, ...rest) : EBADF);

  // buffers lists the (address, length) pairs of an array of iovec.
  const buffers = (ptr, count) =>
    Array.from({ length: count >>> 0 }, (_, i) => [u32((ptr >>> 0) + 8 * i), u32((ptr >>> 0) + 8 * i + 4)]);

  function write(fd, iovs, count, written) {
    const output = outputs[fd];
    if (!output) return ENOTCAPABLE;
    let total = 0;
    for (const [ptr, len] of buffers(iovs, count)) {
      const from = at(ptr, len);
      print(output, output.decoder.write(memory().subarray(from, from + len)));
      total += len;
    }
    put32(written, total);
    return SUCCESS;
  }

  function read(fd, iovs, count, got) {
    if (fd !== STDIN) return ENOTCAPABLE;
    put32(got, 0); // its end
    return SUCCESS;
  }

  // A character device that cannot seek is a terminal to C's stdio, which then
  // writes whole lines instead of keeping 4 KB until an exit that never comes.
  function status(fd, to) {
    const from = at(to, 24);
    memory().fill(0, from, from + 24);
    memory().writeUInt8(CHARACTER_DEVICE, from);
    put64(from + 8, BigInt(fd === STDIN ? RIGHT_READ : RIGHT_WRITE));
    return SUCCESS;
  }

  function fileStatus(fd, to) {
    const from = at(to, 64);
    memory().fill(0, from, from + 64);
    memory().writeUInt8(CHARACTER_DEVICE, from + 16);
    return SUCCESS;
  }

  // ---- waiting ----------------------------------------------------------

  // due reads one subscription: what it waits for, and how long from now in ns.
  function due(from) {
    const view = memory();
    const event = { userdata: view.readBigUInt64LE(from), type: view.readUInt8(from + 8), errno: SUCCESS, wait: 0n };
    if (event.type !== ON_CLOCK) {
      const fd = view.readUInt32LE(from + 16);
      const able = event.type === ON_READ ? fd === STDIN : fd === STDOUT || fd === STDERR;
      if (!open.has(fd)) event.errno = EBADF;
      else if (!able) event.errno = ENOTCAPABLE;
      return event;
    }
    const clock = CLOCKS[view.readUInt32LE(from + 16)];
    if (!clock) return { ...event, errno: EINVAL };
    event.wait = view.readBigUInt64LE(from + 24);
    if (view.readUInt16LE(from + 40) & ABSOLUTE) event.wait -= clock.now();
    return event;
  }

  function poll(subscriptions, events, count, got) {
    const n = count >>> 0;
    if (n === 0) return EINVAL;
    const from = at(subscriptions, SUBSCRIPTION_BYTES * n);
    const all = Array.from({ length: n }, (_, i) => due(from + SUBSCRIPTION_BYTES * i));
    const first = all.reduce((least, e) => (e.wait < least ? e.wait : least), all[0].wait);
    sleep(first);
    const done = all.filter((e) => e.wait <= first || e.wait <= 0n);
    const to = at(events, EVENT_BYTES * n);
    done.forEach((e, i) => {
      const event = to + EVENT_BYTES * i;
      memory().fill(0, event, event + EVENT_BYTES);
      put64(event, e.userdata);
      memory().writeUInt16LE(e.errno, event + 8);
      memory().writeUInt8(e.type, event + 10);
    });
    put32(got, done.length);
    return SUCCESS;
  }

  // ---- the imports ------------------------------------------------------

  // Of neither arguments nor variables there are any.
  const none = (count, bytes) => {
    put32(count, 0);
    put32(bytes, 0);
    return SUCCESS;
  };
  const unsupported = on(() => ENOTSUP);
  const noSeeking = on(() => ESPIPE);

  const wasi = {
    args_get: () => SUCCESS,
    args_sizes_get: none,
    environ_get: () => SUCCESS,
    environ_sizes_get: none,

    clock_res_get(id, to) {
      if (!CLOCKS[id]) return EINVAL;
      put64(to, CLOCKS[id].resolution);
      return SUCCESS;
    },
    clock_time_get(id, precision, to) {
      if (!CLOCKS[id]) return EINVAL;
      put64(to, CLOCKS[id].now());
      return SUCCESS;
    },
    random_get(ptr, len) {
      const size = len >>> 0;
      // Asked for here: many modules never do, and loading it takes a while.
      require('node:crypto').randomFillSync(memory(), at(ptr, size), size);
      return SUCCESS;
    },
    sched_yield: () => SUCCESS,
    poll_oneoff: poll,
    proc_exit(code) {
      throw new WasiError(`proc_exit(${code}): the module ended itself; a handler returns from edge_handle`);
    },

    fd_write: on(write),
    fd_read: on(read),
    fd_close: on((fd) => {
      open.delete(fd);
      return SUCCESS;
    }),
    fd_sync: on(() => {
      flush();
      return SUCCESS;
    }),
    fd_datasync: on(() => {
      flush();
      return SUCCESS;
    }),
    fd_fdstat_get: on(status),
    fd_filestat_get: on(fileStatus),
    fd_fdstat_set_flags: on((fd, flags) => (flags === 0 ? SUCCESS : ENOTSUP)),
    fd_prestat_get: () => EBADF, // no folder was given
    fd_prestat_dir_name: () => EBADF,

    fd_seek: noSeeking,
    fd_tell: noSeeking,
    fd_pread: noSeeking,
    fd_pwrite: noSeeking,
    fd_advise: noSeeking,
    fd_allocate: unsupported,
    fd_fdstat_set_rights: unsupported,
    fd_filestat_set_size: unsupported,
    fd_filestat_set_times: unsupported,
    fd_readdir: unsupported,
    fd_renumber: unsupported,
  };
  for (const [why, names] of Object.entries(REFUSED)) {
    for (const name of names) {
      wasi[name] = () => { throw new WasiError(`${name}: a handler at the edge ${why}`); };
    }
  }
  return { imports: { wasi_snapshot_preview1: wasi }, flush };
};
