package io.pgbackup.engine.embedded;

import static io.pgbackup.engine.embedded.ChainArchive.LAYOUT;
import static io.pgbackup.engine.embedded.ChainArchive.PAGE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.FetchTarget;
import io.pgbackup.engine.FetchedBackup;
import io.pgbackup.engine.embedded.ChainArchive.Entry;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Chains of backups become the files of the last one.
class ChainFetchTest {
  private static final List<String> OF_EVERY_BACKUP =
      List.of("PG_VERSION", "global/pg_control", "backup_label", "tablespace_map");

  @TempDir private Path folder;

  @Property(tries = 60)
  void theFilesAreThoseOfTheLastBackup(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 5) int deltas) throws IOException {
    Random random = new Random(seed);
    ChainArchive archive = new ChainArchive();
    SortedMap<String, byte[]> files = new TreeMap<>();
    for (int backup = 0; backup <= deltas; backup++) {
      SortedMap<String, byte[]> before = new TreeMap<>(files);
      change(files, random);
      SortedMap<String, Entry> entries = new TreeMap<>();
      files.forEach((name, content) -> entries.put(name, entry(before.get(name), content, random)));
      archive.add(entries);
    }
    Path directory = Files.createTempDirectory("pgbackup-chain-");
    try {
      FetchedBackup fetched = fetch(archive, directory.resolve("data"));

      assertThat(contentOf(directory.resolve("data"))).isEqualTo(hashes(files));
      assertThat(fetched.files()).isEqualTo(files.size() + OF_EVERY_BACKUP.size());
      assertThat(fetched.missing()).isEmpty();
      assertThat(directory.resolve("data/backup_label")).hasContent("label " + deltas);
    } finally {
      delete(directory);
    }
  }

  private static void change(SortedMap<String, byte[]> files, Random random) {
    for (int i = random.nextInt(6) + 1; i > 0; i--) {
      String name = "/base/" + (1 + random.nextInt(3)) + "/" + random.nextInt(8);
      byte[] now = files.getOrDefault(name, new byte[0]);
      byte[] content =
          switch (random.nextInt(4)) {
            case 0 -> Arrays.copyOf(now, random.nextInt(5) * PAGE);
            case 1 -> random.nextBoolean() ? new byte[0] : new byte[random.nextInt(5000)];
            default -> now.clone();
          };
      for (int touch = random.nextInt(3); touch > 0 && content.length > 0; touch--) {
        content[random.nextInt(content.length)] = (byte) random.nextInt();
      }
      if (random.nextInt(6) == 0) {
        files.remove(name);
      } else {
        files.put(name, content);
      }
    }
  }

  private static Entry entry(byte @Nullable [] before, byte[] now, Random random) {
    if (before == null) {
      return new Entry.Whole(now);
    }
    if (Arrays.equals(before, now)) {
      return random.nextInt(4) == 0 ? new Entry.Whole(now) : new Entry.Skipped();
    }
    boolean paged = now.length > 0 && now.length % PAGE == 0;
    return paged && random.nextInt(5) > 0
        ? ChainArchive.difference(before, now)
        : new Entry.Whole(now);
  }

  @Test
  void whatWasDroppedSinceDoesNotComeBack() throws IOException {
    ChainArchive archive =
        new ChainArchive()
            .add(Map.of("/base/1/1", whole("a"), "/base/2/1", whole("dropped")))
            .add(Map.of("/base/1/1", new Entry.Skipped()));

    fetch(archive, target());

    assertThat(target().resolve("base/1/1")).hasContent("a");
    assertThat(target().resolve("base/2")).doesNotExist();
  }

  @Test
  void aMissingParentIsNamed() {
    ChainArchive archive = three();
    archive.store.delete(List.of(LAYOUT.sentinel(archive.name(1))));

    assertRefused(
        archive,
        "the delta backup " + archive.name(2) + " cannot be restored: it stands on",
        archive.name(1) + ", which is not in the archive");
  }

  @Test
  void anotherBackupUnderTheParentsNameIsNoticed() {
    ChainArchive archive = three();
    archive.replace(LAYOUT.sentinel(archive.name(0)), "{\"LSN\":33554480}");

    assertRefused(archive, "that began at 0/2000028, and the one of that name began at 0/2000030");
  }

  @Test
  void aParentOfAnotherClusterIsNoticed() {
    ChainArchive archive = three();
    for (int i = 0; i < 3; i++) {
      archive.replace(
          LAYOUT.sentinel(archive.name(i)),
          archive.sentinel(i, "\"SystemIdentifier\":" + (i == 1 ? 2 : 1) + ","));
    }

    assertRefused(archive, "is of system identifier 1, and its parent " + archive.name(1));
  }

  @Test
  void aChainThatEndsElsewhereIsNoticed() {
    ChainArchive archive = three();
    archive.replace(
        LAYOUT.sentinel(archive.name(1)), "{\"LSN\":%d}".formatted(3L * (16 << 20) + 40));

    assertRefused(archive, "it stands on the full backup " + archive.name(0));
  }

  @Test
  void aChainThatComesBackToItselfEnds() {
    ChainArchive archive = three();
    archive.replace(
        LAYOUT.sentinel(archive.name(0)),
        """
        {"LSN":33554472,"DeltaLSN":%d,"DeltaFrom":"%s","DeltaFullName":"%s","DeltaCount":3}"""
            .formatted(4L * (16 << 20) + 40, archive.name(2), archive.name(0)));

    assertRefused(archive, "its chain comes back to " + archive.name(2));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aDeltaWithoutItsListIsRefused(int number) {
    ChainArchive archive = three();
    archive.store.delete(List.of(LAYOUT.filesMetadata(archive.name(number))));

    assertRefused(
        archive, archive.name(number).value(), "it is a delta without files_metadata.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "null", "{\"Files\":{}}", "{\"Files\":null}"})
  void aDeltaWhoseListIsEmptyIsRefused(String document) {
    ChainArchive archive = three();
    archive.replace(LAYOUT.filesMetadata(archive.name(2)), document);

    assertRefused(archive, "its files_metadata.json lists no files");
  }

  @Test
  void aFullBackupNeedsNoList() throws IOException {
    ChainArchive archive = three();
    archive.store.delete(List.of(LAYOUT.filesMetadata(archive.name(0))));

    fetch(archive, target());

    assertThat(target().resolve("base/1/1")).hasContent("a");
  }

  @Test
  void aFileThatIsInNoAncestorIsNamed() {
    ChainArchive archive =
        new ChainArchive()
            .add(Map.of("/base/1/1", whole("a")))
            .add(Map.of("/base/1/2", new Entry.Skipped()));

    assertRefused(archive, "/base/1/2 should be in " + archive.name(0) + " and is not");
  }

  @Test
  void aFileThatTheListHasAndNoTarOfTheAncestorIsNamed() {
    ChainArchive archive =
        new ChainArchive()
            .add(Map.of("/base/1/1", new Entry.Skipped()))
            .add(Map.of("/base/1/1", new Entry.Skipped()));

    assertRefused(archive, "/base/1/1 is in no tar of " + archive.name(0));
  }

  @Test
  void pagesThatStandOnNothingAreRefused() {
    ChainArchive archive =
        new ChainArchive()
            .add(Map.of("/base/1/1", new Entry.Whole(new byte[PAGE])))
            .add(Map.of("/base/1/1", new Entry.Pages(PAGE, new TreeMap<>())));
    archive.store.delete(List.of(LAYOUT.filesMetadata(archive.name(0))));
    archive.store.delete(List.of(LAYOUT.tarPartitions(archive.name(0)).key("part_002.tar.lz4")));

    assertRefused(archive, "base/1/1");
  }

  @Test
  void theControlFileAndTheLabelAreTheNewestBackupsAlone() throws IOException {
    ChainArchive archive = three();
    for (int i = 0; i < 2; i++) {
      for (String tar : List.of("pg_control.tar.lz4", "backup_label.tar.lz4")) {
        archive.store.delete(List.of(LAYOUT.tarPartitions(archive.name(i)).key(tar)));
      }
    }

    fetch(archive, target());

    assertThat(target().resolve("backup_label")).hasContent("label 2");
  }

  private static ChainArchive three() {
    return new ChainArchive()
        .add(Map.of("/base/1/1", whole("a")))
        .add(Map.of("/base/1/1", new Entry.Skipped(), "/base/1/2", whole("b")))
        .add(Map.of("/base/1/1", new Entry.Skipped(), "/base/1/2", new Entry.Skipped()));
  }

  private static Entry whole(String content) {
    return new Entry.Whole(content.getBytes(UTF_8));
  }

  private Path target() {
    return folder.resolve("data");
  }

  private static FetchedBackup fetch(ChainArchive archive, Path target) {
    return new EmbeddedBackupFetcher(archive.store, LAYOUT, 2)
        .fetch(archive.newest(), new FetchTarget(target, _ -> {}), _ -> {});
  }

  private void assertRefused(ChainArchive archive, String... words) {
    assertThatThrownBy(() -> fetch(archive, target()))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class))
        .hasMessageContainingAll(words);
  }

  private static Map<String, Integer> hashes(Map<String, byte[]> files) {
    Map<String, Integer> found = new TreeMap<>();
    files.forEach((name, content) -> found.put(name.substring(1), Arrays.hashCode(content)));
    return found;
  }

  private static Map<String, Integer> contentOf(Path directory) throws IOException {
    Map<String, Integer> found = new TreeMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        String path = directory.relativize(file).toString();
        if (!OF_EVERY_BACKUP.contains(path)) {
          found.put(path, Arrays.hashCode(Files.readAllBytes(file)));
        }
      }
    }
    return found;
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
