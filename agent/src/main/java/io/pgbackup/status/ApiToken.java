package io.pgbackup.status;

import io.pgbackup.problem.Problem;
import io.pgbackup.secret.SecretFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;

/// The token that whoever asks `/api` has to know. Its file is read at each request, so a new one
/// counts at once.
///
/// Immutable; its text form shows the file alone.
public record ApiToken(Path file) {
  private static final int LEAST = 16;
  private static final String SCHEME = "Bearer ";
  private static final String PASSWORD = "Basic ";

  /// @throws io.pgbackup.problem.PgBackupException `Misconfigured` if it cannot be read, others can
  ///   read it, or it could be guessed
  public String read() {
    String token = SecretFile.text(file, "token file");
    if (token.length() < LEAST || !token.chars().allMatch(letter -> letter > ' ' && letter < 127)) {
      throw Problem.misconfigured(
              "the token in %s is not at least %d letters, digits and signs without a space"
                  .formatted(file, LEAST),
              "Make one: (umask 077; openssl rand -hex 32 > " + file + ")")
          .asException();
    }
    return token;
  }

  /// The header that shows it.
  public String authorization() {
    return SCHEME + read();
  }

  /// Takes the same time wherever they differ.
  ///
  /// @param authorization as a request has it; empty where it has none
  boolean isShownBy(String authorization) {
    return MessageDigest.isEqual(
        authorization().getBytes(StandardCharsets.UTF_8),
        bearer(authorization).getBytes(StandardCharsets.UTF_8));
  }

  /// A browser shows what it asked a person for as a password, with any name.
  private static String bearer(String authorization) {
    if (!authorization.startsWith(PASSWORD)) {
      return authorization;
    }
    try {
      byte[] shown = Base64.getDecoder().decode(authorization.substring(PASSWORD.length()));
      String nameAndToken = new String(shown, StandardCharsets.UTF_8);
      return SCHEME + nameAndToken.substring(nameAndToken.indexOf(':') + 1);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
