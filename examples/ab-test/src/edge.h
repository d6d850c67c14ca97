// The host interface of edgedeploy, version 1, for C. Header-only, without a
// C library; docs/abi-host.md says what each function does and when it fails.
//
// Include it in one file of a handler, because it also defines what the host
// calls to deliver a value. Copy it into your own handler.
#ifndef EDGE_H
#define EDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDGE_IMPORT(name) __attribute__((import_module("edge"), import_name(name)))
#define EDGE_EXPORT(name) __attribute__((export_name(name)))

// ---- what the host offers --------------------------------------------------

EDGE_IMPORT("intern") uint32_t edge_host_intern(const char *ptr, size_t len);
EDGE_IMPORT("get") int32_t edge_host_get(uint32_t field);
EDGE_IMPORT("set") void edge_host_set(uint32_t field, const char *ptr, size_t len);
EDGE_IMPORT("header") int32_t edge_host_header(uint32_t of, uint32_t name, uint32_t i);
EDGE_IMPORT("header_count") uint32_t edge_host_header_count(uint32_t of);
EDGE_IMPORT("header_at") int32_t edge_host_header_at(uint32_t of, uint32_t i);
EDGE_IMPORT("set_header") void edge_host_set_header(uint32_t of, uint32_t name, uint32_t value);
EDGE_IMPORT("put_header") void edge_host_put_header(uint32_t of, uint32_t name, const char *ptr, size_t len);
EDGE_IMPORT("append_header") void edge_host_append_header(uint32_t of, uint32_t name, const char *ptr, size_t len);
EDGE_IMPORT("remove_header") void edge_host_remove_header(uint32_t of, uint32_t name);
EDGE_IMPORT("respond") void edge_host_respond(uint32_t status);
EDGE_IMPORT("body") int32_t edge_host_body(void);
EDGE_IMPORT("body_truncated") int32_t edge_host_body_truncated(void);
EDGE_IMPORT("set_body") void edge_host_set_body(uint32_t form, const void *ptr, size_t len);
EDGE_IMPORT("config") int32_t edge_host_config(const char *ptr, size_t len);
EDGE_IMPORT("log") void edge_host_log(uint32_t level, const char *ptr, size_t len);
EDGE_IMPORT("now") double edge_host_now(void);
EDGE_IMPORT("random") void edge_host_random(void *ptr, size_t len);

// ---- numbers of the interface ----------------------------------------------

enum edge_event { EDGE_VIEWER_REQUEST, EDGE_ORIGIN_REQUEST, EDGE_ORIGIN_RESPONSE, EDGE_VIEWER_RESPONSE };

// What edge_handle returns; a negative number is a failure.
enum edge_result { EDGE_CONTINUE = 0, EDGE_ANSWER = 1, EDGE_FAILED = -1 };

// Whose headers.
enum edge_of { EDGE_REQUEST, EDGE_RESPONSE, EDGE_ORIGIN };

enum edge_field {
	EDGE_METHOD, EDGE_URI, EDGE_QUERYSTRING, EDGE_CLIENT_IP,
	EDGE_REQUEST_ID, EDGE_DISTRIBUTION_ID, EDGE_DISTRIBUTION_DOMAIN,
	EDGE_STATUS, EDGE_STATUS_DESCRIPTION,
	EDGE_ORIGIN_KIND, EDGE_ORIGIN_DOMAIN, EDGE_ORIGIN_PATH, EDGE_ORIGIN_PROTOCOL, EDGE_ORIGIN_PORT,
	EDGE_ORIGIN_READ_TIMEOUT, EDGE_ORIGIN_KEEPALIVE_TIMEOUT, EDGE_ORIGIN_SSL_PROTOCOLS,
	EDGE_ORIGIN_REGION, EDGE_ORIGIN_AUTH_METHOD,
};

enum edge_level { EDGE_DEBUG, EDGE_INFO, EDGE_WARN, EDGE_ERROR };
enum edge_form { EDGE_TEXT, EDGE_BYTES };

// ---- strings ---------------------------------------------------------------

// A string of UTF-8, not ended by NUL. Absent is a NULL ptr; an empty string
// that is there has a ptr.
typedef struct {
	const char *ptr;
	size_t len;
} edge_str;

// EDGE_STR makes one of a literal.
#define EDGE_STR(literal) ((edge_str){literal, sizeof(literal) - 1})

static inline bool edge_there(edge_str s) { return s.ptr != NULL; }

static inline bool edge_same(edge_str a, edge_str b) {
	if (a.len != b.len) return false;
	for (size_t i = 0; i < a.len; i++)
		if (a.ptr[i] != b.ptr[i]) return false;
	return true;
}

// edge_append adds s to a buffer of `size` bytes that holds *len. A string that
// does not fit is a trap: half a header would be worse than a failed event.
static inline void edge_append(char *to, size_t size, size_t *len, edge_str s) {
	if (s.len > size - *len) __builtin_trap();
	__builtin_memcpy(to + *len, s.ptr, s.len);
	*len += s.len;
}

// edge_append_number does the same with the digits of a number.
static inline void edge_append_number(char *to, size_t size, size_t *len, uint32_t n) {
	char digits[10];
	size_t at = sizeof digits;
	do digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	edge_append(to, size, len, (edge_str){digits + at, sizeof digits - at});
}

// edge_number reads a whole number of 1 to 9 digits, and reports whether s is one.
static inline bool edge_number(edge_str s, uint32_t *n) {
	*n = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
		*n = *n * 10 + (uint32_t)(s.ptr[i] - '0');
	}
	return s.len > 0 && s.len < 10;
}

// edge_cut returns what stands before the first c, without spaces around it, and
// leaves in *s what follows; nothing is absent.
static inline edge_str edge_cut(edge_str *s, char c) {
	edge_str part = *s;
	for (part.len = 0; part.len < s->len && s->ptr[part.len] != c;) part.len++;
	bool last = part.len == s->len;
	*s = last ? (edge_str){NULL, 0} : (edge_str){s->ptr + part.len + 1, s->len - part.len - 1};
	while (part.len > 0 && part.ptr[0] == ' ') part.ptr++, part.len--;
	while (part.len > 0 && part.ptr[part.len - 1] == ' ') part.len--;
	return part;
}

// edge_cookie returns the next value of a name in what is left of a Cookie header,
// absent if there is none. HTTP/2 visitors may send several such headers.
static inline edge_str edge_cookie(edge_str *header, edge_str name) {
	while (edge_there(*header)) {
		edge_str value = edge_cut(header, ';');
		if (edge_same(edge_cut(&value, '='), name) && edge_there(value)) {
			edge_str rest = value;
			return edge_cut(&rest, ';'); // without the spaces
		}
	}
	return (edge_str){NULL, 0};
}

// ---- what the host delivers ------------------------------------------------

// One room for all values: what was delivered is valid until the next call of
// edge_get, edge_header, edge_header_at, edge_body or edge_config. All headers
// of an event are some 20 KB at most; a handler that reads bodies defines
// EDGE_ROOM as 1 << 20. A value that does not fit is a failure that the log names.
#ifndef EDGE_ROOM
#define EDGE_ROOM (64 << 10)
#endif
static char edge_room[EDGE_ROOM];

EDGE_EXPORT("edge_buffer") void *edge_buffer(size_t len) {
	return len <= sizeof edge_room ? edge_room : NULL;
}

// Says which version of the interface the handler was built for. Never called.
EDGE_EXPORT("edge_abi_1") void edge_abi_1(void) {}

static inline edge_str edge_delivered(int32_t len) {
	return len < 0 ? (edge_str){NULL, 0} : (edge_str){edge_room, (size_t)len};
}

// edge_keep copies a delivered value to a place of the caller's.
static inline edge_str edge_keep(edge_str s, char *to, size_t size) {
	if (!edge_there(s)) return s;
	size_t len = 0;
	edge_append(to, size, &len, s);
	return (edge_str){to, len};
}

// ---- the interface in C's words --------------------------------------------

static inline uint32_t edge_intern(edge_str s) { return edge_host_intern(s.ptr, s.len); }

static inline edge_str edge_get(enum edge_field f) { return edge_delivered(edge_host_get(f)); }
static inline void edge_set(enum edge_field f, edge_str value) { edge_host_set(f, value.ptr, value.len); }

static inline edge_str edge_header(enum edge_of of, uint32_t name, uint32_t i) {
	return edge_delivered(edge_host_header(of, name, i));
}
static inline uint32_t edge_header_count(enum edge_of of) { return edge_host_header_count(of); }
static inline edge_str edge_header_at(enum edge_of of, uint32_t i) { return edge_delivered(edge_host_header_at(of, i)); }
static inline void edge_set_header(enum edge_of of, uint32_t name, uint32_t value) {
	edge_host_set_header(of, name, value);
}
static inline void edge_put_header(enum edge_of of, uint32_t name, edge_str value) {
	edge_host_put_header(of, name, value.ptr, value.len);
}
static inline void edge_append_header(enum edge_of of, uint32_t name, edge_str value) {
	edge_host_append_header(of, name, value.ptr, value.len);
}
static inline void edge_remove_header(enum edge_of of, uint32_t name) { edge_host_remove_header(of, name); }

static inline void edge_respond(uint32_t status) { edge_host_respond(status); }

static inline edge_str edge_body(void) { return edge_delivered(edge_host_body()); }
static inline bool edge_body_truncated(void) { return edge_host_body_truncated() != 0; }
static inline void edge_set_body(enum edge_form form, edge_str value) {
	edge_host_set_body(form, value.ptr, value.len);
}

static inline edge_str edge_config(edge_str key) { return edge_delivered(edge_host_config(key.ptr, key.len)); }
static inline void edge_log(enum edge_level level, edge_str s) { edge_host_log(level, s.ptr, s.len); }
static inline double edge_now(void) { return edge_host_now(); }
static inline void edge_random(void *ptr, size_t len) { edge_host_random(ptr, len); }

// edge_below returns a random number from 0 to n-1, each as likely.
static inline uint32_t edge_below(uint32_t n) {
	uint32_t r;
	edge_random(&r, sizeof r);
	return (uint32_t)(((uint64_t)r * n) >> 32);
}

#endif
