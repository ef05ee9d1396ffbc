/* What this CPU and this operating system let a kernel use. Facts alone: which set runs is the
 * caller's choice. */
#include "kernels/kernels.h"

#if defined(ARB_ARCH_x86_64)

#    include <cpuid.h>

/* CPUID says what the silicon can do, XCR0 which registers the operating system saves on a task
 * switch. Without the second, wide registers would be lost under our feet. */
#    define XCR0_SSE_AVX 0x06u
#    define XCR0_SSE_AVX_AVX512 0xe6u

static uint64_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static int has_all(uint64_t bits, uint64_t wanted)
{
    return (bits & wanted) == wanted;
}

uint64_t arb_cpu_facts(void)
{
    uint32_t eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE)) {
        return 0;
    }
    uint64_t xcr0 = read_xcr0();
    if (!has_all(ecx, bit_AVX | bit_FMA | bit_F16C) || !has_all(xcr0, XCR0_SSE_AVX) ||
        !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !has_all(ebx, bit_AVX2 | bit_BMI2)) {
        return 0;
    }
    uint64_t facts = ARB_CPU_AVX2;
    if (!has_all(xcr0, XCR0_SSE_AVX_AVX512) ||
        !has_all(ebx, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL)) {
        return facts;
    }
    facts |= ARB_CPU_AVX512;
    facts |= ecx & bit_AVX512VNNI ? ARB_CPU_AVX512VNNI : 0;
    facts |= edx & bit_AVX512FP16 ? ARB_CPU_AVX512FP16 : 0;
    return facts;
}

#elif defined(ARB_ARCH_aarch64)

#    include <asm/hwcap.h>
#    include <sys/auxv.h>

uint64_t arb_cpu_facts(void)
{
    unsigned long hwcap = getauxval(AT_HWCAP);
    uint64_t facts = 0;
    if (!(hwcap & HWCAP_ASIMD)) {
        return facts;
    }
    facts |= ARB_CPU_NEON;
    facts |= hwcap & HWCAP_ASIMDHP ? ARB_CPU_NEONFP16 : 0;
    facts |= hwcap & HWCAP_ASIMDFHM ? ARB_CPU_NEONFHM : 0;
    facts |= hwcap & HWCAP_ASIMDDP ? ARB_CPU_NEONDOTPROD : 0;
    return facts;
}

#endif

uint64_t arb_cpu_features(void)
{
    return arb_cpu_facts();
}
