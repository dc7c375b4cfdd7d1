package io.pgbackup.agent;

import io.pgbackup.config.PgBackupConfig.PostgresConfig;
import io.pgbackup.lineage.OwnServer;
import io.pgbackup.postgres.Timeline;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.jdbc.PostgresClient;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/// Looks into the server's `pg_wal`: the folder itself where this user may, which also works while
/// the server starts or stops, otherwise by SQL.
///
/// @param dataDirectory the server's, if it can be seen from here
record OwnWal(Path dataDirectory, PostgresConfig postgres) implements OwnServer {
  private static final int BUFFER = 1 << 16;

  static OwnWal of(PostgresConfig postgres) {
    return new OwnWal(postgres.dataDirectory(), postgres);
  }

  @Override
  public Answer holds(WalFileName name, byte[] content) {
    Path folder = dataDirectory.resolve("pg_wal");
    try (FileChannel file = FileChannel.open(folder.resolve(name.text()))) {
      return equal(file, content) ? Answer.SAME : Answer.OTHER;
    } catch (NoSuchFileException _) {
      return Files.isReadable(folder) ? Answer.OTHER : ask(name, content);
    } catch (IOException _) {
      return ask(name, content);
    }
  }

  /// Reads into memory outside the heap, whence nothing need be copied to be compared.
  private static boolean equal(FileChannel file, byte[] content) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      ByteBuffer buffer = arena.allocate(BUFFER).asByteBuffer();
      ByteBuffer expected = ByteBuffer.wrap(content);
      while (file.read(buffer.clear()) >= 0) {
        buffer.flip();
        if (buffer.remaining() > expected.remaining()
            || !buffer.equals(expected.slice(expected.position(), buffer.remaining()))) {
          return false;
        }
        expected.position(expected.position() + buffer.remaining());
      }
      return !expected.hasRemaining();
    }
  }

  private Answer ask(WalFileName name, byte[] content) {
    Optional<Boolean> same = asking(client -> client.holdsWal(name.text(), content));
    return same.map(yes -> yes ? Answer.SAME : Answer.OTHER).orElse(Answer.UNTOLD);
  }

  @Override
  public Timeline timeline() {
    return asking(client -> client.facts().timeline());
  }

  /// PostgreSQL keeps the file and offers it again, so a server that is away is not the end.
  private <T> T asking(Function<PostgresClient, T> question) {
    try (PostgresClient client = PostgresClient.connect(postgres)) {
      return question.apply(client);
    } catch (PgBackupException e) {
      throw Problem.storageUnavailable(
              "whether the file is this server's cannot be found out: " + e.problem().message(),
              "PostgreSQL tries again; let the agent's user read the data directory, so that it"
                  + " needs no connection for this.")
          .causedBy(e);
    }
  }
}
