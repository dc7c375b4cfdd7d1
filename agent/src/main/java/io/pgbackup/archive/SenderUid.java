package io.pgbackup.archive;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.pgbackup.lineage.IdentityFile;
import io.pgbackup.lineage.LineageUid;
import io.pgbackup.problem.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which lineage a client's data belong to. PostgreSQL runs its commands in the data directory, so
/// the identity lies beside the working directory. Only the UID is read, and without a JSON
/// library: PostgreSQL starts one process for each segment, and loading Jackson costs a third of
/// it.
public final class SenderUid {
  private static final Pattern TOKEN =
      Pattern.compile(
          "\"((?:[^\"\\\\]++|\\\\.)*+)\"|[{}\\[\\]:,]|[^\\s\"{}\\[\\]:,]++", Pattern.DOTALL);

  private SenderUid() {}

  /// @return the UID, or nothing if there is no identity
  /// @throws io.pgbackup.problem.PgBackupException `Refused` if there is one that cannot be
  ///   understood: another lineage's segment must not pass as unknown
  public static Optional<LineageUid> beside(Path workingDirectory) {
    if (workingDirectory.toAbsolutePath().normalize().getFileName() == null) {
      return Optional.empty();
    }
    Path file = IdentityFile.beside(workingDirectory).path();
    try {
      return Optional.of(new LineageUid(uid(new String(Files.readAllBytes(file), UTF_8))));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      throw Problem.refused(
              "the identity " + file + " cannot be read: " + e.getMessage(),
              "Make the file readable for the server's user, or restore it from the claim.")
          .causedBy(e);
    }
  }

  /// The text of the outermost object's field `uid`.
  static String uid(String json) {
    Matcher token = TOKEN.matcher(json);
    if (token.find() && token.group().equals("{")) {
      int depth = 1;
      boolean atName = true;
      String name = "";
      while (depth > 0 && token.find()) {
        char kind = token.group().charAt(0);
        switch (kind) {
          case '{', '[' -> depth++;
          case '}', ']' -> depth--;
          case ',' -> atName |= depth == 1;
          case '"' -> {
            if (depth == 1 && atName) {
              name = token.group(1);
              atName = false;
            } else if (depth == 1 && name.equals("uid")) {
              return token.group(1);
            }
          }
          default -> {
            // a colon, a number, true, false, null
          }
        }
      }
    }
    throw new IllegalArgumentException("it has no 'uid'");
  }
}
