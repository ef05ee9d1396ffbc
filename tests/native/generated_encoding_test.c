/* Every instruction that the generator can write, as it writes it and as the assembler does: byte
 * for byte. tests/native/asm/<arch>/encodings.inc has both sides in one list. */
#if defined(ARB_ARCH_x86_64)
#    include "kernels/x86_64/encode.h"
#    define ENCODINGS "asm/x86_64/encodings.inc"
#elif defined(ARB_ARCH_aarch64)
#    include "kernels/aarch64/encode.h"
#    define ENCODINGS "asm/aarch64/encodings.inc"
#endif
#include "testing.h"

extern const uint8_t arb_expected_encodings[], arb_expected_encodings_end[];

static unsigned compared;

/* The instruction that was written last stands at `from` in both. */
static void compare(const arb_code *code, size_t from, const char *text)
{
    CHECK(!code->overflowed, "%s: no room", text);
    char found[64] = "", wanted[64] = "";
    size_t length = code->length - from;
    for (size_t i = 0; i < length && i < 16; i++) {
        snprintf(found + 3 * i, sizeof found - 3 * i, " %02x", code->bytes[from + i]);
        snprintf(wanted + 3 * i, sizeof wanted - 3 * i, " %02x", arb_expected_encodings[from + i]);
    }
    CHECK(memcmp(code->bytes + from, arb_expected_encodings + from, length) == 0,
          "%s: generated%s, the assembler has%s", text, found, wanted);
    compared++;
}

#define ENCODING(call, ...)                                                                        \
    from = code->length;                                                                           \
    call;                                                                                          \
    compare(code, from, #__VA_ARGS__);

static void compare_all(arb_code *code)
{
    size_t from;
#include ENCODINGS
    size_t wanted = (size_t)(arb_expected_encodings_end - arb_expected_encodings);
    CHECK(code->length == wanted, "%zu bytes generated, the assembler has %zu", code->length,
          wanted);
}

/* What does not fit is not written, not even in part. */
static void overflow_is_remembered(void)
{
    uint8_t bytes[8];
    memset(bytes, 0xcc, sizeof bytes);
    arb_code code = {.bytes = bytes, .capacity = 6};
    arb_code_put(&code, 0x11223344, 4);
    arb_code_put(&code, 0x55667788, 4);
    CHECK(code.overflowed && code.length == 4, "length %zu", code.length);
    CHECK(bytes[0] == 0x44 && bytes[3] == 0x11 && bytes[4] == 0xcc, "wrote beside");
}

int main(void)
{
    static uint8_t bytes[4096];
    arb_code code = {.bytes = bytes, .capacity = sizeof bytes};
    compare_all(&code);
    overflow_is_remembered();
    printf("passed: %u instructions as the assembler has them\n", compared);
    return 0;
}
