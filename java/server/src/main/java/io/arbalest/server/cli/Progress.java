package io.arbalest.server.cli;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Progress on standard error: a bar where the launcher saw a terminal ({@code
 * -Darbalest.terminal=true}), else a line at every quarter, so that a log stays a log.
 */
public final class Progress implements AutoCloseable {

  private static final int BAR_COLUMNS = 90;
  private static final int LINES = 4;

  private final String task;
  private final long total;
  private final PrintStream out;
  private final ProgressBar bar;
  private long quartersShown;

  /** Starts at 0 of {@code total}; -1 is unknown: a bar without an end, and no lines. */
  public Progress(String task, String unit, long total) {
    this(task, unit, total, System.err, Boolean.getBoolean("arbalest.terminal"));
  }

  Progress(String task, String unit, long total, PrintStream out, boolean terminal) {
    this.task = task;
    this.total = total;
    this.out = out;
    bar =
        terminal
            ? new ProgressBarBuilder()
                .setTaskName(task)
                .setUnit(" " + unit, 1)
                .setInitialMax(total)
                .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BLOCK)
                .setConsumer(new ConsoleProgressBarConsumer(out, BAR_COLUMNS))
                .showSpeed()
                .build()
            : null;
  }

  /** Moves to {@code done} of the total. */
  public void to(long done) {
    if (bar != null) {
      bar.stepTo(done);
      return;
    }
    long quarters = total <= 0 ? 0 : done * LINES / total;
    if (quarters > quartersShown) {
      quartersShown = quarters;
      out.println(task + ": " + done + " of " + total);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
