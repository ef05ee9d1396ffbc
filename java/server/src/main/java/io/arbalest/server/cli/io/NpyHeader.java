package io.arbalest.server.cli.io;

import io.arbalest.server.cli.io.VectorFile.Component;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The head of a NumPy file (format 1.0 to 3.0): magic, version, length, then a Python dict literal
 * such as {@code {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }}.
 *
 * @param component from {@code descr}
 * @param rows first of {@code shape}
 * @param dimension second of {@code shape}
 * @param dataOffset byte at which the first component lies
 */
record NpyHeader(Component component, long rows, long dimension, long dataOffset) {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int LENGTH_MAX = 1 << 16;
  private static final Pattern DESCR = Pattern.compile("'descr':\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order':\\s*(True|False)");
  private static final Pattern SHAPE =
      Pattern.compile("'shape':\\s*\\(\\s*(\\d{1,18})\\s*,\\s*(\\d{1,18})\\s*,?\\s*\\)");

  static NpyHeader read(Path path, FileChannel channel) throws IOException {
    ByteBuffer head = VectorFile.readAt(path, channel, 0, 8);
    for (byte expected : MAGIC) {
      if (head.get() != expected) {
        throw new IOException(path + ": not a .npy file: its first bytes are not \\x93NUMPY");
      }
    }
    int major = head.get();
    int lengthBytes = major == 1 ? 2 : 4;
    if (major < 1 || major > 3) {
      throw new IOException(path + ": .npy format " + major + "; allowed: 1, 2, 3");
    }
    ByteBuffer lengthField = VectorFile.readAt(path, channel, 8, lengthBytes);
    long length =
        lengthBytes == 2
            ? Short.toUnsignedLong(lengthField.getShort())
            : Integer.toUnsignedLong(lengthField.getInt());
    if (length > LENGTH_MAX) {
      throw new IOException(path + ": a header of " + length + " bytes; allowed: " + LENGTH_MAX);
    }
    ByteBuffer text = VectorFile.readAt(path, channel, 8L + lengthBytes, (int) length);
    String dict = StandardCharsets.UTF_8.decode(text).toString();
    if (find(path, ORDER, dict, "'fortran_order'").group(1).equals("True")) {
      throw new IOException(path + ": fortran_order is True; allowed: False (save in C order)");
    }
    Matcher shape = find(path, SHAPE, dict, "a two-dimensional 'shape'");
    return new NpyHeader(
        component(path, find(path, DESCR, dict, "'descr'").group(1)),
        Long.parseLong(shape.group(1)),
        Long.parseLong(shape.group(2)),
        8 + lengthBytes + length);
  }

  private static Component component(Path path, String descr) throws IOException {
    return switch (descr) {
      case "<f2" -> Component.FLOAT16;
      case "<f4" -> Component.FLOAT32;
      case "<f8" -> Component.FLOAT64;
      case "|i1" -> Component.INT8;
      case "|u1" -> Component.UINT8;
      default ->
          throw new IOException(
              path + ": descr '" + descr + "'; allowed: '<f2', '<f4', '<f8', '|i1', '|u1'");
    };
  }

  private static Matcher find(Path path, Pattern pattern, String dict, String what)
      throws IOException {
    Matcher matcher = pattern.matcher(dict);
    if (!matcher.find()) {
      throw new IOException(path + ": its header has no " + what + ": " + dict.strip());
    }
    return matcher;
  }
}
