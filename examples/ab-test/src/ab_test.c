// Splits visitors in two, and keeps each of them where they were put:
//
// - viewer-request: a or b, by cookie, or else by chance; passed on as a header
// - origin-request: that header chooses the origin
// - viewer-response: gives the cookie to whoever came without it
//
// Only the first runs before the cache, so what it decides has to be part of
// the cache key: README.md says what the cache policy needs.
#include "edge.h"

// What is the same for every event, made once per instance.
static struct {
	char cookie_room[64], origin_room[2][256], cookie_tail_room[64];
	edge_str cookie;      // its name
	edge_str origin[2];   // domain names; absent: the one the distribution has
	edge_str cookie_tail; // what follows the value in Set-Cookie
	uint32_t share;       // percent of new visitors that get b
	uint32_t cookie_header, set_cookie, host, variant_header, variant[2];
} site;

static const edge_str letters[2] = {{"a", 1}, {"b", 1}};
static const edge_str variant_name = {"X-Ab-Variant", 12};

enum { NONE = -1, A, B };

// refuse ends the start of an instance: a test with half its settings is none.
static void refuse(edge_str why) {
	edge_log(EDGE_ERROR, why);
	__builtin_trap();
}

static edge_str setting(edge_str key, char *room, size_t size) {
	edge_str value = edge_config(key);
	if (value.len > size) refuse(EDGE_STR("ab-test: a value of config: is too long"));
	return edge_keep(value, room, size);
}

// is_name accepts the letters, digits, - and _ of a cookie's name. (More is
// allowed; nobody needs it here, and ; or = would make another cookie of it.)
static bool is_name(edge_str s) {
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
	}
	return s.len > 0;
}

EDGE_EXPORT("edge_init") void edge_init(void) {
	site.cookie = setting(EDGE_STR("cookie"), site.cookie_room, sizeof site.cookie_room);
	if (!is_name(site.cookie)) refuse(EDGE_STR("ab-test: config needs cookie: a name of letters, digits, - and _"));
	if (!edge_number(edge_config(EDGE_STR("share")), &site.share) || site.share > 100)
		refuse(EDGE_STR("ab-test: config needs share: the percentage of new visitors that get b, 0 to 100"));
	site.origin[A] = setting(EDGE_STR("origin-a"), site.origin_room[A], sizeof site.origin_room[A]);
	site.origin[B] = setting(EDGE_STR("origin-b"), site.origin_room[B], sizeof site.origin_room[B]);
	if (site.origin[B].len == 0) refuse(EDGE_STR("ab-test: config needs origin-b: the domain name of b's origin"));

	uint32_t days;
	edge_str written = edge_config(EDGE_STR("days"));
	if (!edge_number(written, &days) || days == 0 || days > 400)
		refuse(EDGE_STR("ab-test: config needs days: how long the cookie lives, 1 to 400")); // browsers cut it at 400
	size_t len = 0;
	edge_append(site.cookie_tail_room, sizeof site.cookie_tail_room, &len, EDGE_STR("; Path=/; Max-Age="));
	edge_append_number(site.cookie_tail_room, sizeof site.cookie_tail_room, &len, days * 86400);
	edge_append(site.cookie_tail_room, sizeof site.cookie_tail_room, &len, EDGE_STR("; Secure; SameSite=Lax"));
	site.cookie_tail = (edge_str){site.cookie_tail_room, len};

	site.cookie_header = edge_intern(EDGE_STR("Cookie"));
	site.set_cookie = edge_intern(EDGE_STR("Set-Cookie"));
	site.host = edge_intern(EDGE_STR("Host"));
	site.variant_header = edge_intern(variant_name);
	site.variant[A] = edge_intern(letters[A]);
	site.variant[B] = edge_intern(letters[B]);
}

static int variant_of(edge_str s) {
	return edge_same(s, letters[A]) ? A : edge_same(s, letters[B]) ? B : NONE;
}

// by_cookie says where the visitor was put before.
static int by_cookie(void) {
	for (uint32_t i = 0;; i++) {
		edge_str header = edge_header(EDGE_REQUEST, site.cookie_header, i);
		if (!edge_there(header)) return NONE;
		for (edge_str value; edge_there(value = edge_cookie(&header, site.cookie));) {
			int v = variant_of(value);
			if (v != NONE) return v;
		}
	}
}

static int by_chance(void) { return edge_below(100) < site.share ? B : A; }

static int by_header(void) { return variant_of(edge_header(EDGE_REQUEST, site.variant_header, 0)); }

static int assign(void) {
	int v = by_cookie();
	if (v == NONE) v = by_chance();
	edge_set_header(EDGE_REQUEST, site.variant_header, site.variant[v]); // also over what a visitor sent
	return EDGE_CONTINUE;
}

static int choose_origin(void) {
	int v = by_header();
	if (v == NONE) {
		edge_log(EDGE_WARN, EDGE_STR("ab-test: no X-Ab-Variant at origin-request; put it into the cache policy (README.md)"));
		v = A;
	}
	if (site.origin[v].len == 0) return EDGE_CONTINUE;
	edge_set(EDGE_ORIGIN_DOMAIN, site.origin[v]);
	edge_put_header(EDGE_REQUEST, site.host, site.origin[v]); // else the origin is asked for another's site
	return EDGE_CONTINUE;
}

static int keep(void) {
	int v = by_header();
	if (v == NONE || v == by_cookie()) return EDGE_CONTINUE;
	char line[192];
	size_t len = 0;
	edge_append(line, sizeof line, &len, site.cookie);
	edge_append(line, sizeof line, &len, EDGE_STR("="));
	edge_append(line, sizeof line, &len, letters[v]);
	edge_append(line, sizeof line, &len, site.cookie_tail);
	edge_append_header(EDGE_RESPONSE, site.set_cookie, (edge_str){line, len}); // beside the origin's own
	return EDGE_CONTINUE;
}

EDGE_EXPORT("edge_handle") int edge_handle(int event) {
	switch (event) {
	case EDGE_VIEWER_REQUEST: return assign();
	case EDGE_ORIGIN_REQUEST: return choose_origin();
	case EDGE_VIEWER_RESPONSE: return keep();
	default: return EDGE_CONTINUE; // nothing to do at origin-response
	}
}
