/* epoch.c: when an old neighbor list may be reused.
 *
 * Whoever reads lists announces the epoch it entered in; the epoch moves on only when every
 * announced one is the current one. So while a searcher that entered in epoch e is inside, the
 * epoch is at most e + 1. A list that was replaced by a writer inside in epoch w is tagged with the
 * epoch r of its retirement, w <= r <= w + 1, and reused from r + 3 on. A searcher inside at that
 * time entered in e >= r + 2 >= w + 2: the writer had left before the epoch moved to w + 2, so the
 * searcher has seen the new word. Every step of that argument is an acquire that reads a release,
 * so ThreadSanitizer follows it; only announcing needs sequential consistency (store, then load of
 * another variable). */
#include "graph/graph_internal.h"

#include <sched.h>
#include <stdlib.h>

arb_pool *arb_pool_create(void)
{
    arb_pool *pool = aligned_alloc(64, sizeof(arb_pool));
    if (pool == NULL)
        return NULL;
    atomic_init(&pool->epoch, 1);
    atomic_init(&pool->searchers, NULL);
    return pool;
}

void arb_pool_destroy(arb_pool *pool)
{
    if (pool == NULL)
        return;
    arb_searcher *searcher = atomic_load(&pool->searchers);
    while (searcher != NULL) {
        arb_searcher *next = searcher->next;
        arb_searcher_free(searcher);
        searcher = next;
    }
    free(pool);
}

void arb_epoch_enter(const arb_graph *graph, arb_searcher *searcher)
{
    arb_pool *pool = graph->pool;
    uint64_t epoch = atomic_load(&pool->epoch);
    for (;;) {
        atomic_store(&searcher->epoch, epoch);
        /* Had the epoch moved on before the announcement was seen, the announcement came too late.
         */
        uint64_t now = atomic_load(&pool->epoch);
        if (now == epoch)
            return;
        epoch = now;
    }
}

void arb_epoch_leave(arb_searcher *searcher)
{
    atomic_store_explicit(&searcher->epoch, 0, memory_order_release);
}

void arb_epoch_try_advance(const arb_graph *graph)
{
    arb_pool *pool = graph->pool;
    uint64_t epoch = atomic_load(&pool->epoch);
    for (arb_searcher *searcher = atomic_load(&pool->searchers); searcher != NULL;
         searcher = searcher->next) {
        uint64_t announced = atomic_load(&searcher->epoch);
        if (announced != 0 && announced != epoch)
            return;
    }
    atomic_compare_exchange_strong(&pool->epoch, &epoch, epoch + 1);
}

void arb_graph_wait_grace(const arb_graph *graph)
{
    uint64_t free_from = atomic_load(&graph->pool->epoch) + ARB_GRACE_EPOCHS;
    while (atomic_load(&graph->pool->epoch) < free_from) {
        arb_epoch_try_advance(graph);
        sched_yield();
    }
}
