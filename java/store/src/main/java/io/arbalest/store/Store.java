package io.arbalest.store;

import java.util.List;

/** All datasets of a directory. Thread-safe. */
public final class Store implements AutoCloseable {
  private Store() {}

  public static Store open(StoreOptions options) {
    throw new UnsupportedOperationException();
  }

  public Dataset create(DatasetSpec spec) {
    throw new UnsupportedOperationException();
  }

  public Dataset dataset(String name) {
    throw new UnsupportedOperationException();
  }

  public List<Dataset> datasets() {
    throw new UnsupportedOperationException();
  }

  public void drop(String name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
