package io.pgbackup.postgres;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The system catalogue `pg_tablespace` as PostgreSQL 12 to 18 keep it in files, on machines with
/// the lowest byte first. Pure; whatever the bytes, nothing fails: what is not understood is not
/// known.
public final class TablespaceFile {
  /// Where [#fileNumber] looks.
  public static final String MAP = "global/pg_filenode.map";

  private static final int PG_TABLESPACE = 1213;
  private static final int MAP_MAGIC = 0x592717;
  private static final int MOST_MAPPINGS = 64;

  private static final int PAGE = 8192;
  private static final int PAGE_HEADER = 24;
  private static final int LOWER = 12;
  private static final int NORMAL = 1;

  private static final int TUPLE_HEADER = 23;
  private static final int XMAX = 4;
  private static final int INFOMASK = 20;
  private static final int HEADER_SIZE = 22;
  private static final int XMAX_LOCKS_ONLY = 0x0080;
  private static final int XMIN_COMMITTED = 0x0100;
  private static final int XMIN_INVALID = 0x0200;
  private static final int XMIN_FROZEN = XMIN_COMMITTED | XMIN_INVALID;
  private static final int XMAX_COMMITTED = 0x0400;
  private static final int XMAX_INVALID = 0x0800;

  private static final int NAME = 64;

  private TablespaceFile() {}

  /// The number of the catalogue's file in `global`.
  ///
  /// @param map the content of [#MAP]
  public static Optional<Long> fileNumber(byte[] map) {
    ByteBuffer bytes = ByteBuffer.wrap(map).order(ByteOrder.LITTLE_ENDIAN);
    if (map.length < 8 || bytes.getInt(0) != MAP_MAGIC) {
      return Optional.empty();
    }
    int count = Math.clamp(bytes.getInt(4), 0, Math.min(MOST_MAPPINGS, (map.length - 8) / 8));
    for (int i = 0; i < count; i++) {
      if (bytes.getInt(8 + 8 * i) == PG_TABLESPACE) {
        return Optional.of(Integer.toUnsignedLong(bytes.getInt(12 + 8 * i)));
      }
    }
    return Optional.empty();
  }

  /// Names by number. What cannot be told from the rows alone, because a change of one was perhaps
  /// not committed, is left out.
  ///
  /// @param file the catalogue's whole file
  public static Map<String, String> names(byte[] file) {
    Map<String, List<Row>> rows = new HashMap<>();
    for (int start = 0; start + PAGE <= file.length; start += PAGE) {
      ByteBuffer page = ByteBuffer.wrap(file, start, PAGE).slice().order(ByteOrder.LITTLE_ENDIAN);
      int lower = Math.min(PAGE, Short.toUnsignedInt(page.getShort(LOWER)));
      for (int pointer = PAGE_HEADER; pointer + 4 <= lower; pointer += 4) {
        row(page, page.getInt(pointer))
            .ifPresent(row -> rows.computeIfAbsent(row.oid(), _ -> new ArrayList<>()).add(row));
      }
    }
    Map<String, String> names = new TreeMap<>();
    rows.forEach((oid, found) -> valid(found).ifPresent(row -> names.put(oid, row.name())));
    return names;
  }

  /// @param certain whether it is committed and nobody began to replace it
  private record Row(String oid, String name, boolean certain) {}

  private static Optional<Row> valid(List<Row> rows) {
    List<Row> certain = rows.stream().filter(Row::certain).toList();
    List<Row> possible = certain.isEmpty() ? rows : certain;
    return possible.size() == 1 ? Optional.of(possible.getFirst()) : Optional.empty();
  }

  private static Optional<Row> row(ByteBuffer page, int pointer) {
    int offset = pointer & 0x7FFF;
    int length = pointer >>> 17;
    boolean normal = (pointer >>> 15 & 3) == NORMAL;
    if (!normal || offset + length > PAGE || length < TUPLE_HEADER) {
      return Optional.empty();
    }
    int data = Byte.toUnsignedInt(page.get(offset + HEADER_SIZE));
    int mask = Short.toUnsignedInt(page.getShort(offset + INFOMASK));
    boolean aborted = (mask & XMIN_FROZEN) == XMIN_INVALID;
    boolean whole =
        (mask & (XMAX_INVALID | XMAX_LOCKS_ONLY)) != 0 || page.getInt(offset + XMAX) == 0;
    boolean replaced = !whole && (mask & XMAX_COMMITTED) != 0;
    if (aborted || replaced || data < TUPLE_HEADER || data + 4 + NAME > length) {
      return Optional.empty();
    }
    String oid = Integer.toUnsignedString(page.getInt(offset + data));
    boolean certain = whole && (mask & XMIN_COMMITTED) != 0;
    return name(page.slice(offset + data + 4, NAME)).map(name -> new Row(oid, name, certain));
  }

  private static Optional<String> name(ByteBuffer padded) {
    int length = 0;
    while (length < NAME && padded.get(length) != 0) {
      length++;
    }
    try {
      return Optional.of(
              StandardCharsets.UTF_8.newDecoder().decode(padded.slice(0, length)).toString())
          .filter(name -> !name.isEmpty());
    } catch (CharacterCodingException _) {
      return Optional.empty();
    }
  }
}
