package host

// The module's side of the interface, which package edge provides.
var (
	start  func()
	handle func(int32) int32
)

// Guest says what edge_init and edge_handle do.
func Guest(onStart func(), onEvent func(event int32) int32) { start, handle = onStart, onEvent }
