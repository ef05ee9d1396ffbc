package io.arbalest.server.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.EncoderBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sets up the log of a command: to the error stream, so that output stays output. */
final class Logging {
  /** How log lines look. */
  enum Format {
    /** For people. */
    CONSOLE,
    /** One JSON object a line. */
    JSON
  }

  /** Kept: the JDK's log forgets levels of loggers that nobody holds. */
  private static final java.util.logging.Logger TRANSPORT =
      java.util.logging.Logger.getLogger("io.grpc");

  private Logging() {}

  /**
   * Replaces the configuration.
   *
   * @param talkative whether to log what goes on; else only warnings
   */
  static void configure(Format format, boolean talkative) {
    if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      // Somebody embeds this program with another logger, and configures that.
      return;
    }
    context.reset();
    // It logs with a stack trace what clients do: messages too large, calls broken off.
    TRANSPORT.setLevel(java.util.logging.Level.OFF);
    EncoderBase<ILoggingEvent> encoder = encoder(format);
    encoder.setContext(context);
    encoder.start();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setName("stderr");
    appender.setTarget("System.err");
    appender.setEncoder(encoder);
    appender.start();
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(appender);
    context.getLogger("io.arbalest").setLevel(talkative ? Level.INFO : Level.WARN);
  }

  private static EncoderBase<ILoggingEvent> encoder(Format format) {
    return switch (format) {
      case CONSOLE -> {
        PatternLayoutEncoder pattern = new PatternLayoutEncoder();
        pattern.setPattern("%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level %logger{0} %msg%n");
        yield pattern;
      }
      case JSON -> new JsonEncoder();
    };
  }
}
