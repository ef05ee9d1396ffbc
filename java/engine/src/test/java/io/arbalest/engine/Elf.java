package io.arbalest.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a 64-bit little-endian ELF library says of itself: machine, dynamic entries, exported
 * symbols. Tool Interface Standard, Executable and Linking Format, version 1.2.
 */
final class Elf {
  static final int MACHINE_X86_64 = 62;
  static final int MACHINE_AARCH64 = 183;

  private static final int SECTION_DYNAMIC = 6;
  private static final int SECTION_DYNSYM = 11;
  private static final int TAG_NEEDED = 1;
  private static final int TAG_SONAME = 14;
  private static final int TAG_RPATH = 15;
  private static final int TAG_RUNPATH = 29;

  private final ByteBuffer file;
  private final int machine;
  private final List<String> needed = new ArrayList<>();
  private final List<String> paths = new ArrayList<>();
  private final List<String> exported = new ArrayList<>();
  private String soname;

  Elf(byte[] bytes) {
    this.file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (file.getInt(0) != 0x464c457f || file.get(4) != 2) {
      throw new IllegalArgumentException("not a 64-bit ELF file");
    }
    this.machine = file.getShort(18) & 0xffff;
    int sections = (int) file.getLong(40);
    int entrySize = file.getShort(58);
    for (int i = 0; i < file.getShort(60); i++) {
      int header = sections + i * entrySize;
      int type = file.getInt(header + 4);
      if (type == SECTION_DYNAMIC || type == SECTION_DYNSYM) {
        int offset = (int) file.getLong(header + 24);
        int size = (int) file.getLong(header + 32);
        int strings = (int) file.getLong(sections + file.getInt(header + 40) * entrySize + 24);
        if (type == SECTION_DYNAMIC) {
          readDynamic(offset, size, strings);
        } else {
          readSymbols(offset, size, strings);
        }
      }
    }
  }

  private void readDynamic(int offset, int size, int strings) {
    for (int at = offset; at < offset + size; at += 16) {
      int tag = (int) file.getLong(at);
      int value = (int) file.getLong(at + 8);
      if (tag == TAG_NEEDED) {
        needed.add(string(strings + value));
      } else if (tag == TAG_SONAME) {
        soname = string(strings + value);
      } else if (tag == TAG_RPATH || tag == TAG_RUNPATH) {
        paths.add(string(strings + value));
      }
    }
  }

  /** Defined symbols with global or weak binding; version names (absolute) are left out. */
  private void readSymbols(int offset, int size, int strings) {
    for (int at = offset; at < offset + size; at += 24) {
      int binding = (file.get(at + 4) & 0xff) >> 4;
      int section = file.getShort(at + 6) & 0xffff;
      boolean defined = section != 0 && section < 0xff00;
      if (defined && (binding == 1 || binding == 2)) {
        exported.add(string(strings + file.getInt(at)));
      }
    }
  }

  private String string(int at) {
    int end = at;
    while (file.get(end) != 0) {
      end++;
    }
    return new String(file.array(), at, end - at, StandardCharsets.US_ASCII);
  }

  int machine() {
    return machine;
  }

  /** The libraries it asks for. */
  List<String> needed() {
    return needed;
  }

  /** DT_RPATH and DT_RUNPATH. */
  List<String> paths() {
    return paths;
  }

  List<String> exported() {
    return exported;
  }

  String soname() {
    return soname;
  }
}
