// Package associations owns what sits where in CloudFront: triggers, slots,
// bindings, the limits of each trigger, who owns a slot, and which edits bring
// one distribution to what is wanted. All of it is pure: values in, values out.
//
//	wanted   held                              ours?   edit
//	X        X                                 yes     none
//	X        nothing                           -       bind
//	X        ours                              yes     replace
//	X        anything else                     no      conflict, or adopt
//	nothing  ours                              yes     empty
//	nothing  anything else                     -       none: not touched, not mentioned
//
// Ours means both: a release of this stack recorded the slot, and what sits
// there is a version that a release of this stack put there.
package associations
