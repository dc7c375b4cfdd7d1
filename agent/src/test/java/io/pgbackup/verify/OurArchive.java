package io.pgbackup.verify;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.catalog.Lineage;
import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Manifest;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.ManifestWriter;
import io.pgbackup.engine.format.TarReader;
import io.pgbackup.engine.format.Tars;
import io.pgbackup.lineage.Claim;
import io.pgbackup.lineage.ClusterId;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.testing.GoldenArchive;
import io.pgbackup.testing.MemoryObjectStore;
import io.pgbackup.testing.SyntheticWal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/// A lineage with one backup of ours and its WAL, as the embedded engine lays it out, in memory.
final class OurArchive {
  private static final StoreFolder PREFIX = StoreFolder.of("pgbackup/default/orders/u-1/18");
  private static final Instant BEGIN = Instant.parse("2026-11-20T02:00:00Z");
  private static final WalSegmentSize SIZE = new WalSegmentSize(1 << 20);

  final MemoryObjectStore store = new MemoryObjectStore();
  final ArchiveLayout layout = new ArchiveLayout(PREFIX);
  final BackupName backup;
  final List<WalSegment> wal = new ArrayList<>();

  OurArchive() {
    byte[] control = controlFile();
    SyntheticWal written = SyntheticWal.create(SIZE);
    for (int i = 0; i < 5; i++) {
      written.commit(BEGIN.plusSeconds(i));
      written.fillToTheBrim();
      written.commit(BEGIN.plusSeconds(i).plusMillis(1));
    }
    written.switchSegment();
    wal.addAll(written.finished());
    wal.forEach(segment -> put(walKey(segment), Codec.LZ4.compress(written.content(segment))));
    backup = BackupName.full(wal.getFirst());
    writeBackup(control);
  }

  Lineage lineage() {
    var cluster = new ClusterId("default", "orders");
    var uid = new LineageUid("u-1");
    return new Lineage(
        cluster,
        uid,
        PREFIX,
        Optional.of(
            new Claim(
                cluster,
                uid,
                SyntheticWal.SYSTEM,
                new ServerVersion(180000),
                SIZE,
                Optional.empty(),
                BEGIN)));
  }

  VerifyReport verify(boolean onward) {
    return new Verifier(store, ObjectCipher.NONE, 2)
        .verify(lineage(), new Selection.Newest(), onward, VerifyListener.SILENT);
  }

  ObjectKey walKey(WalSegment segment) {
    return layout.wal().key(segment.fileName() + ".lz4");
  }

  ObjectKey tar(String name) {
    return layout.tarPartitions(backup).key(name + ".tar.lz4");
  }

  /// Writes over an object, as whoever may delete can.
  void put(ObjectKey key, byte[] content) {
    store.delete(List.of(key));
    store.create(key, content, Map.of());
  }

  byte[] bytes(ObjectKey key) {
    try (var stream = store.open(key)) {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void writeBackup(byte[] control) {
    Map<String, Map<String, byte[]>> parts = new LinkedHashMap<>();
    parts.put(
        "part_001",
        Map.of("PG_VERSION", "18\n".getBytes(UTF_8), "base/5/1249", content(40_000, 1)));
    parts.put("part_002", Map.of("base/5/1259", content(60_000, 2)));
    parts.put("pg_control", Map.of("global/pg_control", control));
    parts.put("backup_label", Map.of("backup_label", "label".getBytes(UTF_8)));
    var manifest = new ByteArrayOutputStream();
    try (var writer =
        new ManifestWriter(manifest, ObjectCipher.NONE, new Manifest(backup, List.of()))) {
      for (var part : parts.entrySet()) {
        Tars tar = new Tars();
        for (var file : part.getValue().entrySet()) {
          tar.file("/" + file.getKey(), file.getValue());
          writer.add(
              new ManifestFile(
                  file.getKey(),
                  file.getValue().length,
                  Sha256.hex(file.getValue()),
                  tar(part.getKey()).name(),
                  List.of()));
        }
        put(tar(part.getKey()), Codec.LZ4.compress(tar.bytes()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    put(layout.manifest(backup), manifest.toByteArray());
    put(layout.metadata(backup), "{}".getBytes(UTF_8));
    put(layout.filesMetadata(backup), filesMetadata(parts).getBytes(UTF_8));
    put(layout.sentinel(backup), sentinel(0).getBytes(UTF_8));
  }

  private static String filesMetadata(Map<String, Map<String, byte[]>> parts) {
    List<String> files = new ArrayList<>();
    List<String> tars = new ArrayList<>();
    parts.forEach(
        (part, held) -> {
          held.keySet().forEach(file -> files.add("\"/" + file + "\":{}"));
          tars.add("\"" + part + ".tar.lz4\":[]");
        });
    return "{\"Files\":{%s},\"TarFileSets\":{%s}}"
        .formatted(String.join(",", files), String.join(",", tars));
  }

  /// A backup of which only the sentinel stands.
  void addEmptyBackup(WalSegment begin) {
    put(layout.sentinel(BackupName.full(begin)), sentinel(wal.indexOf(begin)).getBytes(UTF_8));
  }

  private String sentinel(int first) {
    return """
    {"LSN":%d,"PgVersion":180000,"FinishLSN":%d,"SystemIdentifier":%s,
     "StartTime":"%s","FinishTime":"%s","DateFmt":"%%Y-%%m-%%dT%%H:%%M:%%S.%%fZ","Version":2}
    """
        .formatted(
            wal.get(first).start().value() + 40,
            wal.get(first).end().value() + 40,
            SyntheticWal.SYSTEM,
            BEGIN.plusSeconds(first),
            BEGIN.plusSeconds(first + 1));
  }

  private static byte[] content(int bytes, long seed) {
    byte[] content = new byte[bytes];
    new Random(seed).nextBytes(content);
    return content;
  }

  /// A real one, whose system identifier [SyntheticWal] has too.
  static byte[] controlFile() {
    String tar = "basebackups_005/" + GoldenArchive.FULL + "/tar_partitions/pg_control.tar.lz4";
    try (var reader =
        new TarReader(
            new ByteArrayInputStream(Codec.LZ4.decompress(GoldenArchive.bytes(tar), tar, 64 << 20)),
            tar)) {
      var _ = reader.next().orElseThrow();
      return reader.content().readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
