// Asks for the request's body and does nothing with it: what a body costs on
// the host interface (docs/abi-host.md), and nothing else.

typedef unsigned char u8;
typedef unsigned int u32;

#define EXPORT(name) __attribute__((export_name(name)))

__attribute__((import_module("edge"), import_name("body"))) int edge_body(void);

static u8 room[2 << 20];

EXPORT("edge_abi_1") void edge_abi_1(void) {}
EXPORT("edge_buffer") u8 *edge_buffer(u32 len) { return len > sizeof room ? 0 : room; }
EXPORT("edge_handle") int edge_handle(int event) {
	(void)event;
	return edge_body() == (1 << 20) ? 0 : -1;
}
