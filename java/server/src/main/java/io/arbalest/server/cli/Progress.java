package io.arbalest.server.cli;

import java.io.PrintWriter;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar where somebody watches a terminal, and nothing where a file or a pipe listens. */
final class Progress implements AutoCloseable {
  /** Set by the launcher when the error stream is a terminal. */
  private static final String TERMINAL = "arbalest.terminal";

  private static final int UPDATE_MILLIS = 200;

  private final ProgressBar bar;
  private final long start = System.nanoTime();
  private long rows;

  private Progress(ProgressBar bar) {
    this.bar = bar;
  }

  /**
   * Shows the bar.
   *
   * @param total rows to come; -1 if unknown
   */
  static Progress start(String task, long total, PrintWriter err) {
    if (!Boolean.getBoolean(TERMINAL)) {
      return new Progress(null);
    }
    err.flush();
    return new Progress(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(total)
            .setUnit(" rows", 1)
            .setUpdateIntervalMillis(UPDATE_MILLIS)
            .setStyle(ProgressBarStyle.ASCII)
            .showSpeed()
            .build());
  }

  void step(int more) {
    rows += more;
    if (bar != null) {
      bar.stepBy(more);
    }
  }

  long rows() {
    return rows;
  }

  double seconds() {
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
