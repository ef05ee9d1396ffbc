package io.arbalest.store.text;

import io.arbalest.store.filter.RowFilter;
import java.io.IOException;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.search.ConstantScoreScorer;
import org.apache.lucene.search.ConstantScoreWeight;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.QueryVisitor;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.Scorer;
import org.apache.lucene.search.TwoPhaseIterator;
import org.apache.lucene.search.Weight;

/** The documents of some rows, asked row by row: for the documents that have a word already. */
final class RowsQuery extends Query {
  /** Above a term's own checks, so that a word is looked at before its row. */
  private static final float COST_OF_A_LOOK = 8;

  private final RowFilter rows;

  RowsQuery(RowFilter rows) {
    this.rows = rows;
  }

  @Override
  public Weight createWeight(IndexSearcher searcher, ScoreMode mode, float boost) {
    return new ConstantScoreWeight(this, boost) {
      @Override
      public Scorer scorer(LeafReaderContext leaf) throws IOException {
        return new ConstantScoreScorer(this, score(), mode, matching(leaf));
      }

      @Override
      public boolean isCacheable(LeafReaderContext leaf) {
        return false; // the rows belong to one search
      }
    };
  }

  private TwoPhaseIterator matching(LeafReaderContext leaf) throws IOException {
    NumericDocValues numbers = DocValues.getNumeric(leaf.reader(), TextIndex.ROW_FIELD);
    DocIdSetIterator all = DocIdSetIterator.all(leaf.reader().maxDoc());
    return new TwoPhaseIterator(all) {
      @Override
      public boolean matches() throws IOException {
        return numbers.advanceExact(all.docID()) && rows.contains((int) numbers.longValue());
      }

      @Override
      public float matchCost() {
        return COST_OF_A_LOOK;
      }
    };
  }

  @Override
  public void visit(QueryVisitor visitor) {
    visitor.visitLeaf(this);
  }

  @Override
  public String toString(String field) {
    return "rows";
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
