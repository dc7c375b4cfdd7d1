package io.pgbackup.postgres.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnseenServerTest {
  private static final long STARTED = 1_795_251_019;

  private static final PostmasterPid FILE =
      PostmasterPid.parse(
              List.of(
                  "42",
                  "/srv/data",
                  Long.toString(STARTED),
                  "5432",
                  "/run/postgresql",
                  "localhost",
                  " 10575973   3473424",
                  "ready   "))
          .orElseThrow();

  @TempDir private Path folder;
  private Path proc;
  private Path data;

  @BeforeEach
  void aContainerWithNothingToSee() throws IOException {
    proc = Files.createDirectory(folder.resolve("proc"));
    data = Files.createDirectory(folder.resolve("data"));
    bootedAt(STARTED - 1000);
    namespace("pid:[4026532001]");
    process("1", folder);
  }

  @Test
  void inAContainerNothingProvesADeath() {
    assertThat(mayLive(true)).isTrue();
    assertThat(mayLive(false)).isTrue();
  }

  @Test
  void rootOutsideOfAllContainersSeesThatNobodyIsThere() throws IOException {
    namespace("pid:[4026531836]");

    assertThat(mayLive(true)).isFalse();
    assertThat(mayLive(false)).isTrue();
  }

  @Test
  void aServerInAContainerIsSeenFromOutsideByItsWorkingDirectory() throws IOException {
    namespace("pid:[4026531836]");
    process("77", data);

    assertThat(mayLive(true)).isTrue();
  }

  @Test
  void nothingOutlivesAReboot() throws IOException {
    bootedAt(STARTED + 61);

    assertThat(mayLive(false)).isFalse();
  }

  @Test
  void theSharedMemoryOfAKilledServerProvesItsDeath() throws IOException {
    sharedMemory(42, 0);

    assertThat(mayLive(false)).isFalse();
  }

  @Test
  void processesThatOutliveTheirServerStillUseItsData() throws IOException {
    namespace("pid:[4026531836]");
    sharedMemory(42, 3);

    assertThat(mayLive(true)).isTrue();
  }

  @Test
  void theSharedMemoryOfAnotherContainersServerProvesNothing() throws IOException {
    sharedMemory(0, 0);

    assertThat(mayLive(false)).isTrue();
  }

  @Test
  void withoutProcThereAreNoContainers() {
    assertThat(new UnseenServer(folder.resolve("none"), false).mayLive(FILE, data)).isFalse();
  }

  private boolean mayLive(boolean root) {
    return new UnseenServer(proc, root).mayLive(FILE, data);
  }

  private void bootedAt(long seconds) throws IOException {
    Files.writeString(proc.resolve("stat"), "cpu 1 2 3\nbtime " + seconds + "\nprocesses 7\n");
  }

  private void namespace(String name) throws IOException {
    Path link = Files.createDirectories(proc.resolve("self/ns")).resolve("pid");
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, Path.of(name));
  }

  private void process(String pid, Path workingDirectory) throws IOException {
    Files.createSymbolicLink(
        Files.createDirectory(proc.resolve(pid)).resolve("cwd"), workingDirectory);
  }

  private void sharedMemory(long creator, int attached) throws IOException {
    Files.writeString(
        Files.createDirectories(proc.resolve("sysvipc")).resolve("shm"),
        """
               key      shmid perms  size  cpid  lpid nattch   uid   gid
          10575973    3473424   600    56  %d  7492      %d   101   104
          10596366    3473427   600    56  7532  7532      1  1001  1001
        """
            .formatted(creator, attached));
  }
}
