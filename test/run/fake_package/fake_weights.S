    .section .mcuform_weights, "a"
    .balign 16
    .global fake_weights
fake_weights:
    .incbin "fake.weights"
#if defined(__linux__)
    .section .note.GNU-stack, "", %progbits
#endif
