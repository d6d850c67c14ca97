package wasm

// Forms of types. All but func came with WebAssembly 3.0.
const (
	formFunc     = 0x60
	formStruct   = 0x5f
	formArray    = 0x5e
	formSub      = 0x50
	formSubFinal = 0x4f
	formRec      = 0x4e // a group of types that refer to each other, each with an index
	packedI8     = 0x78
	packedI16    = 0x77
)

func (p *parser) readTypes() {
	for range p.count("types") {
		form := p.form()
		if form != formRec {
			p.subType(form)
		} else {
			for range p.count("types of a group") {
				if p.subType(p.form()); p.err != nil {
					return
				}
			}
		}
		if p.err != nil {
			return
		}
	}
}

func (p *parser) form() byte {
	form := p.byte()
	p.module.Since3 = p.module.Since3 || p.err == nil && form != formFunc
	return form
}

// subType reads a type, with what it extends, and gives it an index. Of what
// is no function only that it is there is kept.
func (p *parser) subType(form byte) {
	if form == formSub || form == formSubFinal {
		for range p.count("supertypes") {
			p.u32() // an index; the engine judges it
		}
		form = p.byte()
	}
	var t FuncType
	switch form {
	case formFunc:
		t = FuncType{Params: p.valTypes(), Results: p.valTypes()}
	case formStruct:
		for range p.count("fields") {
			if p.field(); p.err != nil {
				return
			}
		}
	case formArray:
		p.field()
	default:
		p.fail(p.pos-1, "type form 0x%02x is unknown", form)
	}
	p.types = append(p.types, t)
}

// field reads the type of a field or an element, and whether it can change.
func (p *parser) field() {
	if p.err == nil && p.left() > 0 && (p.data[p.pos] == packedI8 || p.data[p.pos] == packedI16) {
		p.pos++
	} else {
		p.valType()
	}
	if m := p.byte(); p.err == nil && m > 1 {
		p.fail(p.pos-1, "mutability 0x%02x is unknown", m)
	}
}

func (p *parser) valTypes() []ValType {
	n := p.count("value types")
	if n == 0 {
		return nil
	}
	types := make([]ValType, 0, n)
	for range n {
		types = append(types, p.valType())
	}
	return types
}

func (p *parser) valType() ValType {
	at := p.pos
	t := ValType(p.byte())
	if p.err == nil && !t.known() {
		p.fail(at, "value type 0x%02x is unknown", byte(t))
	}
	if t == Ref || t == RefNull {
		p.heapType()
	}
	p.module.Since3 = p.module.Since3 || p.err == nil && t.since3()
	return t
}
