// The handler of examples/redirect on the bytes interface (docs/abi-bytes.md).
//
// The event is JSON that JSON.stringify wrote: no white space, members in any
// order. Texts are compared and copied as they are written there, escapes and
// all, because they go out as JSON again.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(name)))

static u8 heap[1 << 20]; // what edge_alloc gives out
static u32 used;
static u8 baked[4096 + 8]; // config; texts are read eight bytes at a time
static u8 out[65536];    // the patch
static u32 length;
static struct { const u8 *at; u32 len; } answer;

EXPORT("edge_alloc") u8 *edge_alloc(u32 n) {
	if (n > sizeof heap - 8 - used) return 0;
	u8 *room = heap + used;
	used += n;
	return room;
}

// ---- JSON -----------------------------------------------------------------

struct text { const u8 *at; u32 len; }; // between the quotes, as it is written

// has tells whether one of eight bytes is c, without looking at each.
static u64 has(u64 word, u8 c) {
	u64 x = word ^ (0x0101010101010101 * c);
	return (x - 0x0101010101010101) & ~x & 0x8080808080808080;
}

static u64 eight(const u8 *p) {
	u64 word;
	__builtin_memcpy(&word, p, 8);
	return word;
}

static const u8 *after_string(const u8 *p) { // p is at the first quote
	for (p++;;) {
		u64 found = has(eight(p), '"') | has(eight(p), '\\');
		if (!found) {
			p += 8;
			continue;
		}
		p += __builtin_ctzll(found) / 8;
		if (*p == '"') return p + 1;
		p += 2;
	}
}

static const u8 *after(const u8 *p) {
	if (*p == '"') return after_string(p);
	int depth = 0;
	for (;; p++) {
		switch (*p) {
		case '"': p = after_string(p) - 1; break;
		case '{': case '[': depth++; break;
		case '}': case ']':
			if (depth == 0) return p;
			if (--depth == 0) return p + 1;
			break;
		case ',':
			if (depth == 0) return p;
		}
	}
}

static int same(struct text t, const char *s) {
	for (u32 i = 0; i < t.len; i++) {
		if (s[i] == 0 || t.at[i] != (u8)s[i]) return 0;
	}
	return s[t.len] == 0;
}

static struct text string(const u8 *p) {
	if (!p || *p != '"') return (struct text){0, 0};
	return (struct text){p + 1, (u32)(after_string(p) - p) - 2};
}

// members finds the values of some keys in one pass, 0 for those that are not
// there, and stops when it has them all.
struct wanted { const char *key; const u8 *value; };

static void members(const u8 *object, struct wanted *list, u32 n) {
	for (u32 i = 0; i < n; i++) list[i].value = 0;
	if (!object || *object != '{' || object[1] == '}') return;
	u32 missing = n;
	for (const u8 *p = object + 1;; p++) {
		struct text name = string(p);
		p = name.at + name.len + 2; // the quote and the colon
		for (u32 i = 0; i < n; i++) {
			if (!list[i].value && same(name, list[i].key)) {
				list[i].value = p;
				if (--missing == 0) return;
				break;
			}
		}
		p = after(p);
		if (*p != ',') return;
	}
}

static const u8 *member(const u8 *object, const char *key) {
	struct wanted one = {key, 0};
	members(object, &one, 1);
	return one.value;
}

// header finds the first value of a header: {"name":[{"key":…,"value":…}]}.
static struct text header(const u8 *headers, const char *name) {
	const u8 *list = member(headers, name);
	if (!list || list[1] == ']') return (struct text){0, 0};
	return string(member(list + 1, "value"));
}

// ---- what goes out --------------------------------------------------------

static void add(struct text t) {
	if (t.len > sizeof out - length) __builtin_trap();
	__builtin_memcpy(out + length, t.at, t.len);
	length += t.len;
}
static void say(const char *s) { add((struct text){(const u8 *)s, (u32)__builtin_strlen(s)}); }

static void *patched(void) {
	answer.at = out;
	answer.len = length;
	return &answer;
}

// ---- the handler ----------------------------------------------------------

static struct text from, to, frame; // config, within baked

EXPORT("edge_config") void edge_config(const u8 *p, u32 len) {
	if (len > sizeof baked - 8) __builtin_trap();
	__builtin_memcpy(baked, p, len);
	struct wanted list[] = {{"redirect-from", 0}, {"redirect-to", 0}, {"frame-options", 0}};
	members(baked, list, 3);
	from = string(list[0].value);
	to = string(list[1].value);
	frame = string(list[2].value);
	used = 0;
}

static u8 lower(u8 c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }

static int same_host(struct text a, struct text b) {
	if (a.len != b.len) return 0;
	for (u32 i = 0; i < a.len; i++) {
		if (lower(a.at[i]) != lower(b.at[i])) return 0;
	}
	return 1;
}

static void *redirect(const u8 *request) {
	struct wanted list[] = {{"headers", 0}, {"uri", 0}, {"querystring", 0}};
	members(request, list, 3);
	if (from.len == 0 || !same_host(header(list[0].value, "host"), from)) return 0;
	say("{\"status\":301,\"statusDescription\":\"Moved Permanently\",\"headers\":{\"Location\":\"https://");
	add(to);
	add(string(list[1].value));
	struct text query = string(list[2].value);
	if (query.len > 0) {
		say("?");
		add(query);
	}
	say("\",\"Cache-Control\":\"max-age=3600\"}}");
	return patched();
}

static void *index_document(const u8 *request) {
	struct text uri = string(member(request, "uri"));
	u32 i = uri.len;
	while (i > 0 && uri.at[i - 1] != '/' && uri.at[i - 1] != '.') i--;
	if (i == 0 || uri.at[i - 1] == '.') return 0;
	say("{\"uri\":\"");
	add(uri);
	say(i == uri.len ? "index.html\"}" : "/index.html\"}");
	return patched();
}

static void *secure(void) {
	say("{\"headers\":{\"Strict-Transport-Security\":\"max-age=63072000; includeSubDomains\","
		"\"X-Content-Type-Options\":\"nosniff\",\"Referrer-Policy\":\"strict-origin-when-cross-origin\","
		"\"X-Frame-Options\":\"");
	if (frame.len > 0) add(frame);
	else say("DENY");
	say("\"}}");
	return patched();
}

// The response triggers need nothing but to know that they are.
EXPORT("edge_wants") u32 edge_wants(u32 event) { return event < 2 ? 1 | 2 : 1; }

EXPORT("edge_handle") void *edge_handle(const u8 *cf, u32 len) {
	(void)len;
	used = length = 0;
	struct wanted list[] = {{"config", 0}, {"request", 0}};
	members(cf, list, 2);
	struct text event = string(member(list[0].value, "eventType"));
	if (same(event, "viewer-request")) return redirect(list[1].value);
	if (same(event, "origin-request")) return index_document(list[1].value);
	return secure();
}
