package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Increments;
import io.pgbackup.engine.format.Tars;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.MemoryObjectStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// Writes chains of backups as WAL-G lays them out: backup `n` begins in segment `n`, and each
/// delta stands on the one before it.
final class ChainArchive {
  static final ArchiveLayout LAYOUT = new ArchiveLayout(StoreFolder.of("orders"));
  static final int PAGE = 8192;

  /// One file of a backup.
  sealed interface Entry {
    // never compared
    @SuppressWarnings("ArrayRecordComponent")
    record Whole(byte[] content) implements Entry {}

    record Pages(long size, SortedMap<Integer, byte[]> pages) implements Entry {}

    record Skipped() implements Entry {}
  }

  final MemoryObjectStore store = new MemoryObjectStore();
  private final List<BackupName> names = new ArrayList<>();

  BackupName newest() {
    return names.getLast();
  }

  BackupName name(int number) {
    return names.get(number);
  }

  /// @param entries by member name; what a server needs comes along
  ChainArchive add(Map<String, Entry> entries) {
    int number = names.size();
    String segment = "0000000100000000000000%02X".formatted(number + 2);
    BackupName name =
        new BackupName(
            number == 0
                ? "base_" + segment
                : "base_" + segment + "_D_" + names.getLast().startSegment());
    SortedMap<String, Entry> all = new TreeMap<>(entries);
    all.put("/PG_VERSION", new Entry.Whole("15\n".getBytes(UTF_8)));
    Tars odd = new Tars();
    Tars even = new Tars();
    int turn = 0;
    for (Map.Entry<String, Entry> entry : all.entrySet()) {
      Tars part = turn++ % 2 == 0 ? even : odd;
      switch (entry.getValue()) {
        case Entry.Whole whole -> part.file(entry.getKey(), whole.content());
        case Entry.Pages pages ->
            part.file(entry.getKey(), Increments.of(pages.size(), pages.pages()));
        case Entry.Skipped _ -> {}
      }
    }
    for (String directory : directories(all)) {
      even.directory(directory, 0700);
    }
    put(tar(name, "part_001"), Codec.LZ4.compress(even.bytes()));
    put(tar(name, "part_002"), Codec.LZ4.compress(odd.bytes()));
    put(
        tar(name, "pg_control"),
        Codec.LZ4.compress(new Tars().file("/global/pg_control", new byte[PAGE]).bytes()));
    put(
        tar(name, "backup_label"),
        Codec.LZ4.compress(
            new Tars()
                .file("backup_label", ("label " + number).getBytes(UTF_8))
                .file("tablespace_map", new byte[0])
                .bytes()));
    put(LAYOUT.filesMetadata(name), filesMetadata(all).getBytes(UTF_8));
    names.add(name);
    put(LAYOUT.sentinel(name), sentinel(number, "").getBytes(UTF_8));
    return this;
  }

  /// @param more keys, each with a comma behind it
  String sentinel(int number, String more) {
    String delta =
        number == 0
            ? ""
            : """
            "DeltaLSN":%d,"DeltaFrom":"%s","DeltaFullName":"%s","DeltaCount":%d,"""
                .formatted(lsn(number - 1), names.get(number - 1), names.getFirst(), number);
    return "{" + more + delta + "\"LSN\":" + lsn(number) + ",\"Version\":2}";
  }

  private static long lsn(int number) {
    return (number + 2L) * (16 << 20) + 40;
  }

  private static Set<String> directories(Map<String, Entry> files) {
    Set<String> found = new TreeSet<>();
    files.keySet().forEach(file -> found.add(file.substring(0, file.lastIndexOf('/') + 1)));
    return found;
  }

  private static String filesMetadata(Map<String, Entry> files) {
    List<String> listed = new ArrayList<>();
    files.forEach(
        (name, entry) ->
            listed.add(
                "\"%s\":{\"IsIncremented\":%b,\"IsSkipped\":%b,\"UpdatesCount\":0}"
                    .formatted(
                        name, entry instanceof Entry.Pages, entry instanceof Entry.Skipped)));
    return "{\"Files\":{" + String.join(",", listed) + "}}";
  }

  private static ObjectKey tar(BackupName name, String tar) {
    return LAYOUT.tarPartitions(name).key(tar + ".tar.lz4");
  }

  private void put(ObjectKey key, byte[] content) {
    store.create(key, content, Map.of());
  }

  void replace(ObjectKey key, String content) {
    store.delete(List.of(key));
    put(key, content.getBytes(UTF_8));
  }

  /// What a delta has of a file, pages compared byte by byte.
  static Entry difference(byte[] before, byte[] after) {
    if (Arrays.equals(before, after)) {
      return new Entry.Skipped();
    }
    SortedMap<Integer, byte[]> pages = new TreeMap<>();
    for (int page = 0; page < after.length / PAGE; page++) {
      byte[] now = Arrays.copyOfRange(after, page * PAGE, (page + 1) * PAGE);
      if ((page + 1) * PAGE > before.length
          || !Arrays.equals(now, Arrays.copyOfRange(before, page * PAGE, (page + 1) * PAGE))) {
        pages.put(page, now);
      }
    }
    return new Entry.Pages(after.length, pages);
  }
}
