package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.embedded.FileFacts.Kind;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.DeltaOrigin;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.postgres.Lsn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// When a file's times prove that nobody wrote to it, and when not.
class DeltaBaseTest {
  private static final BackupName PARENT = new BackupName("base_000000010000000000000002");
  private static final Instant BEGAN = Instant.parse("2026-11-21T02:00:00Z");
  private static final Instant LONG_AGO = BEGAN.minusSeconds(3600).plusNanos(297_633_261);
  private static final ParentFile KNOWN =
      new ParentFile(
          Optional.of(LONG_AGO),
          Optional.of(
              new ManifestFile("base/5/16384", 8192, "0".repeat(64), "part_002.tar", List.of())));

  @TempDir private Path folder;

  @Test
  void aFileWithTheSameOldTimesIsUntouched() {
    assertThat(base(true).isUntouched(file(8192, LONG_AGO, LONG_AGO), KNOWN)).isTrue();
    assertThat(
            base(true)
                .isUntouched(
                    file(8192, LONG_AGO, LONG_AGO),
                    new ParentFile(Optional.of(LONG_AGO), Optional.empty())))
        .as("a parent of WAL-G, which keeps no sizes")
        .isTrue();
  }

  @Test
  void anotherTimeOfModificationSaysThatItChanged() {
    assertThat(base(true).isUntouched(file(8192, LONG_AGO.plusNanos(1), LONG_AGO), KNOWN))
        .isFalse();
    assertThat(
            base(true)
                .isUntouched(
                    file(8192, LONG_AGO, LONG_AGO),
                    new ParentFile(Optional.empty(), KNOWN.manifest())))
        .isFalse();
  }

  @Test
  void aWriteInTheSameTickAsTheParentsReadingLeavesTheTimeAsItWas() {
    Instant tick = BEGAN.plusMillis(4);
    ParentFile read = new ParentFile(Optional.of(tick), KNOWN.manifest());

    assertThat(base(true).isUntouched(file(8192, tick, tick), read)).isFalse();
    Instant justBefore = BEGAN.minusSeconds(59);
    assertThat(
            base(true)
                .isUntouched(
                    file(8192, justBefore, justBefore),
                    new ParentFile(Optional.of(justBefore), KNOWN.manifest())))
        .isFalse();
  }

  @Test
  void aTimeThatAProgramSetBackProvesNothing() {
    assertThat(base(true).isUntouched(file(8192, LONG_AGO, BEGAN.plusSeconds(5)), KNOWN)).isFalse();
  }

  @Test
  void aCrashOfTheMachineMayHaveLostTheTimeOfAWrite() {
    assertThat(base(false).isUntouched(file(8192, LONG_AGO, LONG_AGO), KNOWN)).isFalse();
  }

  @Test
  void anotherSizeIsAnotherFile() {
    assertThat(base(true).isUntouched(file(16384, LONG_AGO, LONG_AGO), KNOWN)).isFalse();
  }

  @Test
  void aFileThatWasMadeAfterTheParentIsNotTheParents() {
    DeltaBase base = base(true);
    SourceFile copied = made(BEGAN.plusSeconds(100));

    assertThat(base.parent(copied)).isEmpty();
    assertThat(base.parent(made(BEGAN.minusSeconds(1)))).contains(KNOWN);
  }

  @Test
  void aFileThatWasWrittenInTheTickInWhichItWasMadeWasMadeAllTheSame() throws IOException {
    Path path = Files.write(folder.resolve("16384"), new byte[8192]);
    FileTime created = (FileTime) Files.getAttribute(path, "creationTime");
    Files.setLastModifiedTime(path, created);
    assertThat(Files.getLastModifiedTime(path)).isEqualTo(created);
    SourceFile copied =
        new SourceFile("base/5/16384", path, FileFacts.of(path), RelationFile.parse("16384"));

    assertThat(base(created.toInstant().minusSeconds(1), true).parent(copied)).isEmpty();
    assertThat(base(created.toInstant().plusSeconds(3600), true).parent(copied)).contains(KNOWN);
  }

  private static DeltaBase base(boolean steady) {
    return base(BEGAN, steady);
  }

  private static DeltaBase base(Instant began, boolean steady) {
    return new DeltaBase(
        new DeltaOrigin(new Lsn(1), PARENT, PARENT, 1),
        new Lsn(2),
        List.of(PARENT),
        true,
        steady,
        began,
        Map.of("/base/5/16384", KNOWN));
  }

  private static SourceFile file(long size, Instant modified, Instant changed) {
    return file(size, modified, changed, LONG_AGO);
  }

  private static SourceFile made(Instant created) {
    return file(8192, BEGAN.plusSeconds(200), BEGAN.plusSeconds(200), created);
  }

  private static SourceFile file(long size, Instant modified, Instant changed, Instant created) {
    return new SourceFile(
        "base/5/16384",
        Path.of("/data/base/5/16384"),
        new FileFacts(Kind.REGULAR, 0600, 0, 0, size, modified, changed, created),
        RelationFile.parse("16384"));
  }
}
