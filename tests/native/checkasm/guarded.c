#include "checkasm/guarded.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OFFSETS 64

guarded guarded_create(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t writable = (size + 2 * OFFSETS + page - 1) / page * page;
    uint8_t *base =
        mmap(NULL, writable + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base, page, PROT_NONE) != 0 ||
        mprotect(base + page + writable, page, PROT_NONE) != 0) {
        perror("guarded memory");
        exit(2);
    }
    guarded memory = {base + page, base + page + writable};
    memset(memory.start, 0xff, writable);
    return memory;
}

void guarded_destroy(guarded *memory)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    munmap(memory->start - page, (size_t)(memory->end - memory->start) + 2 * page);
    memory->start = memory->end = NULL;
}

/* The bytes around at..at+size that a call must leave alone, as far as the memory goes. */
static guarded surroundings(const guarded *memory, const uint8_t *at, size_t size)
{
    size_t before = (size_t)(at - memory->start);
    size_t after = (size_t)(memory->end - (at + size));
    before = before < GUARDED_POISON ? before : GUARDED_POISON;
    after = after < GUARDED_POISON ? after : GUARDED_POISON;
    uint8_t *writable_at = memory->start + (at - memory->start);
    return (guarded){writable_at - before, writable_at + size + after};
}

void *guarded_place(guarded *memory, uint8_t *at, const void *bytes, size_t size)
{
    guarded around = surroundings(memory, at, size);
    memset(around.start, 0xff, (size_t)(around.end - around.start));
    memcpy(at, bytes, size);
    return at;
}

int guarded_untouched_around(const guarded *memory, const uint8_t *at, size_t size)
{
    guarded around = surroundings(memory, at, size);
    for (const uint8_t *byte = around.start; byte < around.end; byte++) {
        if (*byte != 0xff && (byte < at || byte >= at + size)) {
            return 0;
        }
    }
    return 1;
}

/* The test runs on one thread, so one place to come back to is enough. */
static sigjmp_buf before_call;
static const void *volatile faulting_address;

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
    (void)context;
    faulting_address = info->si_addr;
    siglongjmp(before_call, signal_number);
}

static void install_handlers(void)
{
    static int installed;
    if (installed) {
        return;
    }
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    if (sigaction(SIGSEGV, &action, NULL) != 0 || sigaction(SIGBUS, &action, NULL) != 0 ||
        sigaction(SIGILL, &action, NULL) != 0) {
        perror("sigaction");
        exit(2);
    }
    installed = 1;
}

/* The handler is left by a jump that does not restore the signal mask: saving it would cost a
 * system call for each of a million calls, of which few end here. */
static void unblock_faults(void)
{
    sigset_t faults;
    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    sigaddset(&faults, SIGBUS);
    sigaddset(&faults, SIGILL);
    sigprocmask(SIG_UNBLOCK, &faults, NULL);
}

int guarded_call(checked_call *call, const void **fault_address)
{
    install_handlers();
    int signal_number = sigsetjmp(before_call, 0);
    if (signal_number != 0) {
        unblock_faults();
        *fault_address = faulting_address;
        return signal_number;
    }
    arb_checked_call(call);
    return 0;
}
