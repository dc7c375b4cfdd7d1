package io.pgbackup.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pgbackup.archive.ArchiveSocket;
import io.pgbackup.archive.Retry;
import io.pgbackup.archive.SocketLimits;
import io.pgbackup.archive.WalArchiver;
import io.pgbackup.archive.WalServer;
import io.pgbackup.cli.InstalledLauncher.Result;
import io.pgbackup.engine.WalEngine;
import io.pgbackup.postgres.process.ServerUser;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.EnterableTempDir;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerUidIT {
  private static final int NOBODY_IN_PASSWD = 54321;
  private static final String HISTORY = "00000002.history";

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  @Test
  void onlyTheOwnerOfTheDataMayPushWhateverPasswdKnows() throws IOException {
    assumeTrue(ServerUser.weAreRoot(), "only root can become another user");
    Path data = Files.createDirectory(folder.resolve("data"));
    Path file = Files.writeString(folder.resolve(HISTORY), "1\t0/3000000\tno recovery target\n");
    WalEngine engine =
        WalPushIT.engine(FileObjectStore.open(Files.createDirectory(folder.resolve("store"))));
    var retry = new Retry(Duration.ZERO, Duration.ofMillis(1));
    Path socket = folder.resolve("archive.sock");
    List<String> push =
        InstalledLauncher.asUser(
            NOBODY_IN_PASSWD,
            InstalledLauncher.in(folder)
                .command(List.of("wal", "push", "--socket", socket.toString(), file.toString())));
    Map<String, String> java = Map.of("JAVA_HOME", System.getProperty("java.home"));
    try (var _ =
        ArchiveSocket.open(
            socket,
            data,
            new WalArchiver((_, _, _) -> {}, engine, retry, Clock.systemUTC()),
            new WalServer(engine, retry, Clock.systemUTC()),
            SocketLimits.DEFAULT)) {

      Result stranger = InstalledLauncher.run(folder, java, push);
      Files.setAttribute(data, "unix:uid", NOBODY_IN_PASSWD);
      Result owner = InstalledLauncher.run(folder, java, push);

      assertThat(stranger.status()).isEqualTo(1);
      assertThat(stranger.err()).contains("user 54321 may not use this socket");
      assertThat(owner.err()).isEmpty();
      assertThat(owner.status()).isZero();
    }
  }
}
