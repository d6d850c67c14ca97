package wasmtest

// Bytes is a module that speaks the bytes interface and returns as its patch
// the body of the event's request, which edge_body gave it; without a body it
// lets the event pass. So one module can be made to return anything.
//
// Memory: the number of bytes given out by edge_alloc at 0, what edge_body got
// at 8 (address) and 12 (length), room from 1024 on.
func Bytes() []byte {
	const (
		store, load    = 0x36, 0x28 // i32, each with alignment 2 and an offset
		constant, get  = 0x41, 0x20
		add, sub, pick = 0x6a, 0x6b, 0x1b
	)
	alloc := Body(
		constant, 0, constant, 0, load, 2, 0, get, 0, add, store, 2, 0, // given += n
		constant, 0, load, 2, 0, get, 0, sub, constant, 0x80, 8, add, // 1024 + given - n
	)
	body := Body(constant, 8, get, 0, store, 2, 0, constant, 12, get, 1, store, 2, 0)
	handle := Body(
		constant, 0, constant, 0, store, 2, 0, // all room is free again
		constant, 8, constant, 0, constant, 12, load, 2, 0, pick, // 8 if there was a body, else 0
	)
	return Module(
		Section(1, Vec(Sig([]byte{I32}, []byte{I32}), Sig([]byte{I32, I32}, []byte{I32}), Sig([]byte{I32, I32}, nil))),
		Section(3, Vec(Leb(0), Leb(1), Leb(2))),
		Section(5, Vec([]byte{0, 64})),
		Section(7, Vec(Export("memory", 2, 0), Export("edge_alloc", 0, 0), Export("edge_handle", 0, 1), Export("edge_body", 0, 2))),
		Section(10, Vec(alloc, handle, body)),
	)
}

// Echo is a module that speaks the bytes interface and returns what it was
// given, so that a refusal tells what that was. It says that it wants these
// members of events.
func Echo(wants int) []byte {
	const store, constant, get = 0x36, 0x41, 0x20
	return Module(
		Section(1, Vec(Sig([]byte{I32}, []byte{I32}), Sig([]byte{I32, I32}, []byte{I32}))),
		Section(3, Vec(Leb(0), Leb(1), Leb(0))),
		Section(5, Vec([]byte{0, 1})),
		Section(7, Vec(Export("memory", 2, 0), Export("edge_alloc", 0, 0), Export("edge_handle", 0, 1), Export("edge_wants", 0, 2))),
		Section(10, Vec(
			Body(constant, 0x80, 8), // 1024
			Body(constant, 8, get, 0, store, 2, 0, constant, 12, get, 1, store, 2, 0, constant, 8),
			Body(constant, byte(wants)),
		)),
	)
}
