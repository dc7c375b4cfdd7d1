package io.pgbackup.archive;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// Which lineage a client's data belong to. PostgreSQL runs its commands in the data directory, so
/// the identity lies beside the working directory. Only the UID is read, without the libraries that
/// a whole identity needs: PostgreSQL starts one process for each segment.
public final class SenderUid {
  private SenderUid() {}

  /// @return the UID, or nothing if there is no identity
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if there is one that cannot be
  ///   understood: another lineage's segment must not pass as unknown
  public static Optional<LineageUid> beside(Path workingDirectory) {
    Path file = IdentityFile.beside(workingDirectory).path();
    try {
      return Optional.of(new LineageUid(uid(Files.readAllBytes(file))));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      throw Problem.refused(
              "the identity " + file + " cannot be read: " + e.getMessage(),
              "Make the file readable for the server's user, or restore it from the claim.")
          .causedBy(e);
    }
  }

  private static String uid(byte[] json) throws IOException {
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
          boolean uid = parser.currentName().equals("uid");
          if (parser.nextToken() == JsonToken.VALUE_STRING && uid) {
            return parser.getText();
          }
          parser.skipChildren();
        }
      }
      throw new IllegalArgumentException("it has no 'uid'");
    }
  }
}
