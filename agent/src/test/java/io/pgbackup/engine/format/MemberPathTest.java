package io.pgbackup.engine.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemberPathTest {
  @ParameterizedTest
  @CsvSource({
    "/, ''",
    "/base/5/1259, base/5/1259",
    "base/5/1259, base/5/1259",
    "./base/5/, base/5",
    "//base///5, base/5",
    "/..a/b.., ..a/b..",
    "backup_label, backup_label"
  })
  void aMemberLiesBelowTheDataDirectory(String member, String path) {
    assertThat(MemberPath.of(member, "it")).isEqualTo(path);
  }

  @ParameterizedTest
  @ValueSource(strings = {"..", "/..", "/../etc/passwd", "base/../../x", "a/..", "a\0b"})
  void aMemberThatLeadsOutIsRefused(String member) {
    assertThatThrownBy(() -> MemberPath.of(member, "it")).isInstanceOf(PgBackupException.class);
  }

  @Property(tries = 2000)
  void noNameLeadsOut(@ForAll("nasty") String member) {
    Path root = Path.of("/data/pg");
    try {
      Path resolved = root.resolve(MemberPath.of(member, "it"));

      assertThat(resolved.normalize()).startsWithRaw(root).isEqualTo(resolved);
    } catch (PgBackupException | InvalidPathException e) {
      assertThat(member).matches("(?s).*(\\.\\.|\0|[^\\x00-\\x7f]).*");
    }
  }

  @Provide
  Arbitrary<String> nasty() {
    return Arbitraries.strings().withChars("./a\0ü\\").ofMaxLength(12);
  }
}
