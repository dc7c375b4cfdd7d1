package io.pgbackup.engine.walg;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is left of killed agents goes, what is in use stays, whatever the numbers of processes.
class ScratchTest {
  @TempDir private Path folder;

  @Test
  void whatNobodyHoldsIsRemovedEvenIfAProcessOfThatNumberLives() throws IOException {
    Path left =
        Files.createDirectory(
            folder.resolve("pgbackup-walg-%d-1".formatted(ProcessHandle.current().pid())));
    Files.writeString(left.resolve("lock"), "");
    Files.writeString(left.resolve("pgpass"), "secret");

    try (Scratch scratch = Scratch.in(folder)) {
      assertThat(folder).isDirectoryContaining(scratch.directory()::equals);
      assertThat(left).doesNotExist();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void whatAnotherProcessHoldsStaysUntilItEnds() throws Exception {
    try (Holder holder = new Holder(folder)) {
      Scratch.in(folder).close();
      assertThat(holder.directory()).isDirectory();

      holder.kill();
      Scratch.in(folder).close();
      assertThat(holder.directory()).doesNotExist();
    }
  }

  @Test
  void whatThisProcessHoldsStaysAndStaysHeld() throws Exception {
    try (Scratch first = Scratch.in(folder);
        Scratch second = Scratch.in(folder)) {
      try (Holder other = new Holder(folder)) {
        assertThat(other.directory()).isDirectory();
      }
      assertThat(first.directory()).isDirectory();
      assertThat(second.directory()).isDirectory();
    }
  }

  @Test
  void oneWithoutALockIsRemovedOnlyWhenItCannotBeAboutToGetOne() throws IOException {
    Path young = Files.createDirectory(folder.resolve("pgbackup-walg-1"));
    Path old = Files.createDirectory(folder.resolve("pgbackup-walg-2"));
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofMinutes(2))));

    Scratch.in(folder).close();

    assertThat(young).exists();
    assertThat(old).doesNotExist();
  }

  /// Another process with a directory of its own.
  private record Holder(Process process, Path directory) implements AutoCloseable {
    Holder(Path folder) throws IOException {
      this(start(folder));
    }

    private Holder(Process process) throws IOException {
      this(process, Path.of(Objects.requireNonNull(process.inputReader().readLine(), "no answer")));
    }

    private static Process start(Path folder) throws IOException {
      return new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-cp",
              System.getProperty("java.class.path"),
              ScratchHolder.class.getName(),
              folder.toString())
          .redirectError(ProcessBuilder.Redirect.INHERIT)
          .start();
    }

    void kill() {
      process.destroyForcibly().onExit().join();
    }

    @Override
    public void close() {
      kill();
    }
  }
}
