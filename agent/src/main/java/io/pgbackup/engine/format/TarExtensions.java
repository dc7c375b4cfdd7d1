package io.pgbackup.engine.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// What the headers before a member's own say of it: PAX records (`23 path=...`, POSIX.1-2001) and
/// GNU's long name.
final class TarExtensions {
  private final String tar;
  private @Nullable String path;
  private @Nullable String size;

  TarExtensions(String tar) {
    this.tar = tar;
  }

  Optional<String> path() {
    return Optional.ofNullable(path);
  }

  OptionalLong size() {
    if (size == null) {
      return OptionalLong.empty();
    }
    try {
      long bytes = Long.parseLong(size);
      if (bytes < 0) {
        throw new NumberFormatException("negative");
      }
      return OptionalLong.of(bytes);
    } catch (NumberFormatException e) {
      throw Documents.unreadable(tar, "a member has the size '" + size + "'", e);
    }
  }

  void addLongName(byte[] content) {
    int length = content.length;
    while (length > 0 && content[length - 1] == 0) {
      length--;
    }
    path = new String(content, 0, length, UTF_8);
  }

  void addPax(byte[] records) {
    int start = 0;
    while (start < records.length) {
      start = addRecord(records, start);
    }
  }

  private int addRecord(byte[] records, int start) {
    int digits = start;
    int length = 0;
    while (digits < records.length && digits - start < 8 && isDigit(records[digits])) {
      length = length * 10 + (records[digits] - '0');
      digits++;
    }
    int end = start + length;
    if (digits == start
        || digits == records.length
        || records[digits] != ' '
        || end <= digits + 1
        || end > records.length
        || records[end - 1] != '\n') {
      throw Documents.unreadable(tar, "a PAX header is malformed", null);
    }
    String record = new String(records, digits + 1, end - 1 - (digits + 1), UTF_8);
    int equals = record.indexOf('=');
    String key = equals < 0 ? record : record.substring(0, equals);
    String value = record.substring(equals + 1);
    if (key.startsWith("GNU.sparse.")) {
      throw Documents.unreadable(tar, "a sparse member cannot be read", null);
    }
    switch (key) {
      case "path" -> path = value;
      case "size" -> size = value;
      default -> {}
    }
    return end;
  }

  private static boolean isDigit(byte octet) {
    return octet >= '0' && octet <= '9';
  }
}
