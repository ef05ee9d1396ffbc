package io.arbalest.store.join;

import io.arbalest.store.ScanCursor;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.Field;

/** Where the left rows of a join come from, tile by tile. Used by one thread at a time. */
public interface TileSource extends AutoCloseable {
  /** The column of ids. */
  Field ids();

  /** The next rows, valid until the next call; null when none are left. */
  Tile next();

  @Override
  void close();

  /** The rows of a scan for vectors alone, which is closed with this. */
  static TileSource ofScan(ScanCursor scan) {
    return new TileSource() {
      @Override
      public Field ids() {
        return scan.schema().getFields().get(0);
      }

      @Override
      public Tile next() {
        return scan.next()
            ? new Tile(scan.root().getVector(0), (FixedSizeListVector) scan.root().getVector(1))
            : null;
      }

      @Override
      public void close() {
        scan.close();
      }
    };
  }
}
