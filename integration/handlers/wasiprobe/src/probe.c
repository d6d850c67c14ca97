// A module that calls every function of WASI preview 1 as an event says, so
// that tests see what each answers. Arguments are numbers; memory that they
// may point at is the scratch below.
//
// An event's x-in header is hex that is copied to the start of the scratch.
// Each x-do header is a call, "fd_write 1 49152 1 57344"; each is answered by an
// x-out header with the errno and the 64 bytes at the scratch's second half.
#define EDGE_ROOM 4096
#include "edge.h"

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(name)))

WASI("args_get") uint32_t args_get(uint32_t, uint32_t);
WASI("args_sizes_get") uint32_t args_sizes_get(uint32_t, uint32_t);
WASI("clock_res_get") uint32_t clock_res_get(uint32_t, uint32_t);
WASI("clock_time_get") uint32_t clock_time_get(uint32_t, uint64_t, uint32_t);
WASI("environ_get") uint32_t environ_get(uint32_t, uint32_t);
WASI("environ_sizes_get") uint32_t environ_sizes_get(uint32_t, uint32_t);
WASI("fd_advise") uint32_t fd_advise(uint32_t, uint64_t, uint64_t, uint32_t);
WASI("fd_allocate") uint32_t fd_allocate(uint32_t, uint64_t, uint64_t);
WASI("fd_close") uint32_t fd_close(uint32_t);
WASI("fd_datasync") uint32_t fd_datasync(uint32_t);
WASI("fd_fdstat_get") uint32_t fd_fdstat_get(uint32_t, uint32_t);
WASI("fd_fdstat_set_flags") uint32_t fd_fdstat_set_flags(uint32_t, uint32_t);
WASI("fd_fdstat_set_rights") uint32_t fd_fdstat_set_rights(uint32_t, uint64_t, uint64_t);
WASI("fd_filestat_get") uint32_t fd_filestat_get(uint32_t, uint32_t);
WASI("fd_filestat_set_size") uint32_t fd_filestat_set_size(uint32_t, uint64_t);
WASI("fd_filestat_set_times") uint32_t fd_filestat_set_times(uint32_t, uint64_t, uint64_t, uint32_t);
WASI("fd_pread") uint32_t fd_pread(uint32_t, uint32_t, uint32_t, uint64_t, uint32_t);
WASI("fd_prestat_dir_name") uint32_t fd_prestat_dir_name(uint32_t, uint32_t, uint32_t);
WASI("fd_prestat_get") uint32_t fd_prestat_get(uint32_t, uint32_t);
WASI("fd_pwrite") uint32_t fd_pwrite(uint32_t, uint32_t, uint32_t, uint64_t, uint32_t);
WASI("fd_read") uint32_t fd_read(uint32_t, uint32_t, uint32_t, uint32_t);
WASI("fd_readdir") uint32_t fd_readdir(uint32_t, uint32_t, uint32_t, uint64_t, uint32_t);
WASI("fd_renumber") uint32_t fd_renumber(uint32_t, uint32_t);
WASI("fd_seek") uint32_t fd_seek(uint32_t, uint64_t, uint32_t, uint32_t);
WASI("fd_sync") uint32_t fd_sync(uint32_t);
WASI("fd_tell") uint32_t fd_tell(uint32_t, uint32_t);
WASI("fd_write") uint32_t fd_write(uint32_t, uint32_t, uint32_t, uint32_t);
WASI("path_create_directory") uint32_t path_create_directory(uint32_t, uint32_t, uint32_t);
WASI("path_filestat_get") uint32_t path_filestat_get(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
WASI("path_filestat_set_times") uint32_t path_filestat_set_times(uint32_t, uint32_t, uint32_t, uint32_t, uint64_t, uint64_t, uint32_t);
WASI("path_link") uint32_t path_link(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
WASI("path_open") uint32_t path_open(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint64_t, uint64_t, uint32_t, uint32_t);
WASI("path_readlink") uint32_t path_readlink(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
WASI("path_remove_directory") uint32_t path_remove_directory(uint32_t, uint32_t, uint32_t);
WASI("path_rename") uint32_t path_rename(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
WASI("path_symlink") uint32_t path_symlink(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
WASI("path_unlink_file") uint32_t path_unlink_file(uint32_t, uint32_t, uint32_t);
WASI("poll_oneoff") uint32_t poll_oneoff(uint32_t, uint32_t, uint32_t, uint32_t);
WASI("proc_exit") void proc_exit(uint32_t);
WASI("proc_raise") uint32_t proc_raise(uint32_t);
WASI("random_get") uint32_t random_get(uint32_t, uint32_t);
WASI("sched_yield") uint32_t sched_yield(void);
WASI("sock_accept") uint32_t sock_accept(uint32_t, uint32_t, uint32_t);
WASI("sock_recv") uint32_t sock_recv(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
WASI("sock_send") uint32_t sock_send(uint32_t, uint32_t, uint32_t, uint32_t, uint32_t);
WASI("sock_shutdown") uint32_t sock_shutdown(uint32_t, uint32_t);

// Above everything that the linker placed; build.sh gives two pages.
#define IN ((uint8_t *)49152)
#define OUT ((uint8_t *)57344)
#define SHOWN 64
extern char __heap_base;

static bool initialized; // by _initialize, which has to come before edge_init
static uint32_t x_in, x_do, x_out;

EDGE_EXPORT("_initialize") void _initialize(void) {
	if ((uint8_t *)&__heap_base > IN) __builtin_trap();
	initialized = true;
}

EDGE_EXPORT("edge_init") void edge_init(void) {
	if (!initialized) __builtin_trap();
	x_in = edge_intern(EDGE_STR("X-In"));
	x_do = edge_intern(EDGE_STR("X-Do"));
	x_out = edge_intern(EDGE_STR("X-Out"));
	edge_str greeting = edge_config(EDGE_STR("greeting")); // half a line, said at the start
	if (edge_there(greeting)) {
		uint32_t iovec[2] = {(uint32_t)greeting.ptr, greeting.len};
		fd_write(1, (uint32_t)iovec, 1, (uint32_t)OUT);
	}
}

static uint8_t nibble(char c) { return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10); }

static edge_str word(edge_str *rest) {
	size_t n = 0;
	while (n < rest->len && rest->ptr[n] != ' ') n++;
	edge_str w = {rest->ptr, n};
	if (n < rest->len) n++;
	*rest = (edge_str){rest->ptr + n, rest->len - n};
	return w;
}

static uint64_t number(edge_str s) {
	uint64_t n = 0;
	for (size_t i = 0; i < s.len; i++) n = n * 10 + (uint64_t)(s.ptr[i] - '0');
	return n;
}

#define A(i) a[i]
#define DO(name, ...) if (edge_same(what, EDGE_STR(#name))) return name(__VA_ARGS__);

static uint32_t call(edge_str what, uint64_t a[9]) {
	if (edge_same(what, EDGE_STR("proc_exit"))) proc_exit((uint32_t)a[0]);
	DO(args_get, A(0), A(1))
	DO(args_sizes_get, A(0), A(1))
	DO(clock_res_get, A(0), A(1))
	DO(clock_time_get, A(0), A(1), A(2))
	DO(environ_get, A(0), A(1))
	DO(environ_sizes_get, A(0), A(1))
	DO(fd_advise, A(0), A(1), A(2), A(3))
	DO(fd_allocate, A(0), A(1), A(2))
	DO(fd_close, A(0))
	DO(fd_datasync, A(0))
	DO(fd_fdstat_get, A(0), A(1))
	DO(fd_fdstat_set_flags, A(0), A(1))
	DO(fd_fdstat_set_rights, A(0), A(1), A(2))
	DO(fd_filestat_get, A(0), A(1))
	DO(fd_filestat_set_size, A(0), A(1))
	DO(fd_filestat_set_times, A(0), A(1), A(2), A(3))
	DO(fd_pread, A(0), A(1), A(2), A(3), A(4))
	DO(fd_prestat_dir_name, A(0), A(1), A(2))
	DO(fd_prestat_get, A(0), A(1))
	DO(fd_pwrite, A(0), A(1), A(2), A(3), A(4))
	DO(fd_read, A(0), A(1), A(2), A(3))
	DO(fd_readdir, A(0), A(1), A(2), A(3), A(4))
	DO(fd_renumber, A(0), A(1))
	DO(fd_seek, A(0), A(1), A(2), A(3))
	DO(fd_sync, A(0))
	DO(fd_tell, A(0), A(1))
	DO(fd_write, A(0), A(1), A(2), A(3))
	DO(path_create_directory, A(0), A(1), A(2))
	DO(path_filestat_get, A(0), A(1), A(2), A(3), A(4))
	DO(path_filestat_set_times, A(0), A(1), A(2), A(3), A(4), A(5), A(6))
	DO(path_link, A(0), A(1), A(2), A(3), A(4), A(5), A(6))
	DO(path_open, A(0), A(1), A(2), A(3), A(4), A(5), A(6), A(7), A(8))
	DO(path_readlink, A(0), A(1), A(2), A(3), A(4), A(5))
	DO(path_remove_directory, A(0), A(1), A(2))
	DO(path_rename, A(0), A(1), A(2), A(3), A(4), A(5))
	DO(path_symlink, A(0), A(1), A(2), A(3), A(4))
	DO(path_unlink_file, A(0), A(1), A(2))
	DO(poll_oneoff, A(0), A(1), A(2), A(3))
	DO(proc_raise, A(0))
	DO(random_get, A(0), A(1))
	DO(sched_yield)
	DO(sock_accept, A(0), A(1), A(2))
	DO(sock_recv, A(0), A(1), A(2), A(3), A(4), A(5))
	DO(sock_send, A(0), A(1), A(2), A(3), A(4))
	DO(sock_shutdown, A(0), A(1))
	__builtin_trap(); // a test's typing error
}

EDGE_EXPORT("edge_handle") int edge_handle(int event) {
	(void)event;
	edge_str in = edge_header(EDGE_REQUEST, x_in, 0);
	for (size_t i = 0; i + 1 < in.len; i += 2) IN[i / 2] = (uint8_t)(nibble(in.ptr[i]) << 4 | nibble(in.ptr[i + 1]));
	for (uint32_t i = 0;; i++) {
		edge_str rest = edge_header(EDGE_REQUEST, x_do, i);
		if (!edge_there(rest)) return EDGE_CONTINUE;
		edge_str what = word(&rest);
		uint64_t a[9] = {0};
		for (size_t n = 0; n < 9 && rest.len > 0; n++) a[n] = number(word(&rest));
		uint32_t errno = call(what, a);
		char line[4 + 2 * SHOWN];
		size_t len = 0;
		if (errno >= 10) line[len++] = (char)('0' + errno / 10);
		line[len++] = (char)('0' + errno % 10);
		line[len++] = ' ';
		for (size_t b = 0; b < SHOWN; b++) {
			line[len++] = "0123456789abcdef"[OUT[b] >> 4];
			line[len++] = "0123456789abcdef"[OUT[b] & 15];
			OUT[b] = 0;
		}
		edge_append_header(EDGE_REQUEST, x_out, (edge_str){line, len});
	}
}
