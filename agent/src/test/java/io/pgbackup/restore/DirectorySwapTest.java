package io.pgbackup.restore;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every state that a crash can leave leads to the same end.
class DirectorySwapTest {
  @TempDir private Path folder;

  private RestorePaths paths;
  private DirectorySwap swap;
  private Path previous;
  private Path undone;

  @BeforeEach
  void setUp() {
    paths = RestorePaths.of(folder.resolve("data"));
    swap = new DirectorySwap(paths);
    previous = paths.dataDirectory().resolveSibling("data.before");
    undone = paths.dataDirectory().resolveSibling("data.undone");
  }

  /// How far an exchange came: the renames, in their order.
  static Stream<Arguments> cutOffExchanges() {
    return exchangesFrom(0);
  }

  static Stream<Arguments> begunExchanges() {
    return exchangesFrom(1);
  }

  private static Stream<Arguments> exchangesFrom(int first) {
    return Stream.of(true, false)
        .flatMap(
            identified ->
                IntStream.rangeClosed(first, 3)
                    .mapToObj(renames -> Arguments.of(renames, identified)));
  }

  @ParameterizedTest
  @MethodSource("cutOffExchanges")
  void anExchangeThatWasCutOffIsFinished(int renames, boolean identified) throws IOException {
    exchangeUpTo(renames, identified);

    swap.putInPlace(previous);
    swap.putInPlace(previous);

    assertThat(files())
        .containsEntry("data/which", "new")
        .containsEntry("data.before/which", "old")
        .doesNotContainKey("data.pgbackup.json")
        .doesNotContainKey("data.pgbackup-restore/data/which");
    assertThat(files().get("data.before.pgbackup.json")).isEqualTo(identified ? "old" : null);
  }

  @ParameterizedTest
  @MethodSource("begunExchanges")
  void anExchangeThatWasCutOffIsTakenBack(int renames, boolean identified) throws IOException {
    exchangeUpTo(renames, identified);

    swap.undo(previous, undone);
    swap.undo(previous, undone);

    assertOldIsBack(identified);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFinishedExchangeIsTakenBackWithItsIdentity(boolean identified) throws IOException {
    exchangeUpTo(3, identified);
    write("data.pgbackup.json", "new");

    swap.undo(previous, undone);

    assertOldIsBack(identified);
    assertThat(files())
        .containsEntry("data.undone/which", "new")
        .containsEntry("data.undone.pgbackup.json", "new");
  }

  /// The renames of an undo, in their order.
  static Stream<Arguments> cutOffUndos() {
    return Stream.of(true, false)
        .flatMap(
            identified -> Stream.of(1, 2, 3, 4).map(renames -> Arguments.of(renames, identified)));
  }

  @ParameterizedTest
  @MethodSource("cutOffUndos")
  void anUndoThatWasCutOffIsFinished(int renames, boolean identified) throws IOException {
    exchangeUpTo(3, identified);
    write("data.pgbackup.json", "new");
    List<Map.Entry<String, String>> all =
        List.of(
            Map.entry("data", "data.undone"),
            Map.entry("data.pgbackup.json", "data.undone.pgbackup.json"),
            Map.entry("data.before", "data"),
            Map.entry("data.before.pgbackup.json", "data.pgbackup.json"));
    for (Map.Entry<String, String> rename : all.subList(0, renames)) {
      rename(rename.getKey(), rename.getValue());
    }

    swap.undo(previous, undone);

    assertOldIsBack(identified);
    assertThat(files()).containsEntry("data.undone.pgbackup.json", "new");
  }

  private void assertOldIsBack(boolean identified) throws IOException {
    assertThat(files())
        .containsEntry("data/which", "old")
        .doesNotContainKey("data.before/which")
        .doesNotContainKey("data.before.pgbackup.json");
    assertThat(files().get("data.pgbackup.json")).isEqualTo(identified ? "old" : null);
  }

  private void exchangeUpTo(int renames, boolean identified) throws IOException {
    write("data/which", "old");
    write("data.pgbackup-restore/data/which", "new");
    if (identified) {
      write("data.pgbackup.json", "old");
    }
    List<Map.Entry<String, String>> all =
        List.of(
            Map.entry("data", "data.before"),
            Map.entry("data.pgbackup.json", "data.before.pgbackup.json"),
            Map.entry("data.pgbackup-restore/data", "data"));
    for (Map.Entry<String, String> rename : all.subList(0, renames)) {
      rename(rename.getKey(), rename.getValue());
    }
  }

  private void rename(String from, String to) throws IOException {
    if (Files.exists(folder.resolve(from))) {
      Files.move(folder.resolve(from), folder.resolve(to));
    }
  }

  private void write(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private Map<String, String> files() throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(folder.relativize(file).toString(), Files.readString(file));
      }
    }
    return files;
  }
}
