'use strict';
// WASI preview 1 for handlers: clocks, randomness, and text to the log. There
// are no files, no sockets, no arguments and no environment.

const ERRNO = { success: 0, badf: 8, inval: 28, nosys: 52 };

module.exports = (memory) => {
  const lines = { 1: '', 2: '' }; // what was written after the last line feed

  function write(fd, pieces, count, written) {
    if (lines[fd] === undefined) return ERRNO.badf;
    const view = memory();
    let total = 0;
    for (let i = 0; i < count; i++) {
      const from = view.readUInt32LE((pieces >>> 0) + 8 * i);
      const len = view.readUInt32LE((pieces >>> 0) + 8 * i + 4);
      lines[fd] += view.toString('utf8', from, from + len);
      total += len;
    }
    const whole = lines[fd].split('\n');
    lines[fd] = whole.pop();
    for (const line of whole) print(fd, line);
    view.writeUInt32LE(total, written >>> 0);
    return ERRNO.success;
  }

  function print(fd, line) {
    if (fd === 1) console.info(line);
    else console.error(line);
  }

  function flush() {
    for (const fd of [1, 2]) {
      if (lines[fd] !== '') print(fd, lines[fd]);
      lines[fd] = '';
    }
  }

  const none = (first, second) => {
    memory().writeUInt32LE(0, first >>> 0);
    memory().writeUInt32LE(0, second >>> 0);
    return ERRNO.success;
  };

  const known = {
    args_get: () => ERRNO.success,
    args_sizes_get: none,
    environ_get: () => ERRNO.success,
    environ_sizes_get: none,
    clock_time_get(clock, precision, to) {
      const now = clock === 0 ? BigInt(Date.now()) * 1000000n : process.hrtime.bigint();
      memory().writeBigUInt64LE(now, to >>> 0);
      return ERRNO.success;
    },
    fd_write: write,
    fd_prestat_get: () => ERRNO.badf,
    proc_exit(code) { throw new Error(`the module ended itself with code ${code}`); },
    random_get(ptr, len) {
      require('node:crypto').randomFillSync(memory(), ptr >>> 0, len >>> 0);
      return ERRNO.success;
    },
    sched_yield: () => ERRNO.success,
  };

  return {
    imports: { wasi_snapshot_preview1: new Proxy(known, { get: (all, name) => all[name] ?? (() => ERRNO.nosys) }) },
    flush,
  };
};
