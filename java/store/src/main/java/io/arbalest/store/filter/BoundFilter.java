package io.arbalest.store.filter;

/**
 * A {@link Filter} bound to the columns of a dataset, every test of which fits its column.
 * Immutable; made by {@link FilterCompiler}. Columns that are added later change nothing about it.
 */
public final class BoundFilter {
  private final Filter tree;
  private final FilterNode root;

  BoundFilter(Filter tree, FilterNode root) {
    this.tree = tree;
    this.root = root;
  }

  /** What was bound: filters of one dataset with equal trees select the same rows. */
  Filter tree() {
    return tree;
  }

  FilterNode root() {
    return root;
  }
}
