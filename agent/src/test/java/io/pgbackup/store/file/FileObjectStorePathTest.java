package io.pgbackup.store.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.ObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// Whatever text comes as a key, nothing is written outside the store's directory, and what is
/// written is found under that very text.
class FileObjectStorePathTest {
  @Property(tries = 300)
  void whatIsWrittenLiesInsideAndIsFoundAgain(@ForAll("texts") String text) throws IOException {
    try (Place place = Place.make()) {
      // when
      boolean stored = place.storedAs(text);

      // then
      assertThat(place.listed("")).isEqualTo(stored ? List.of(text) : List.of());
      try (Stream<Path> beside = Files.list(place.parent)) {
        assertThat(beside).containsExactly(place.root);
      }
    }
  }

  @Property(tries = 300)
  void noPrefixListsAnythingOutside(@ForAll("texts") String prefix) throws IOException {
    try (Place place = Place.make()) {
      // given
      Files.writeString(place.parent.resolve("secret"), "x");
      place.store.create(new ObjectKey("a"), "x".getBytes(UTF_8), Map.of());

      // then
      assertThat(place.listed(prefix)).isEqualTo("a".startsWith(prefix) ? List.of("a") : List.of());
    }
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> segment =
        Arbitraries.oneOf(
            Arbitraries.of("", ".", "..", "...", "root", "secret", "a", "~", "..\\..", "%2e%2e"),
            Arbitraries.strings().ofMaxLength(8),
            Arbitraries.strings().withChars("./\\ \u0000a\u2215\uFF0E").ofMaxLength(6));
    return segment.list().ofMinSize(1).ofMaxSize(5).map(segments -> String.join("/", segments));
  }

  /// A store in a directory that holds nothing else.
  private static final class Place implements AutoCloseable {
    private final Path parent;
    private final Path root;
    private final ObjectStore store;

    private Place(Path parent, Path root) {
      this.parent = parent;
      this.root = root;
      this.store = FileObjectStore.open(root);
    }

    static Place make() throws IOException {
      Path parent = Files.createTempDirectory("pgbackup-paths-");
      return new Place(parent, Files.createDirectory(parent.resolve("root")));
    }

    boolean storedAs(String text) {
      if (!ObjectKey.isKey(text)) {
        return false;
      }
      try {
        store.create(new ObjectKey(text), "x".getBytes(UTF_8), Map.of());
        return true;
      } catch (PgBackupException e) {
        // A name longer than the file system takes, or one the store keeps for itself.
        assertThat(e.problem())
            .isInstanceOfAny(Problem.StorageFailed.class, Problem.Misconfigured.class);
        return false;
      }
    }

    List<String> listed(String prefix) {
      return store.list(prefix).map(object -> object.key().value()).toList();
    }

    @Override
    public void close() throws IOException {
      try (Stream<Path> files = Files.walk(parent)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }
}
