package io.pgbackup.crypto;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Says of an object that no key opens which key it wants, as far as anything tells.
public final class UnopenedObject {
  private UnopenedObject() {}

  /// @param name what the object is
  /// @param head its first bytes
  /// @param writtenWith the fingerprint that its writer left somewhere
  /// @param configured the fingerprints of the keys that were tried
  public static PgBackupException of(
      String name, byte[] head, Optional<String> writtenWith, List<String> configured) {
    List<String> recipients = OpenPgpHead.recipients(head);
    String message;
    if (isForeign(writtenWith, configured)) {
      message = "is encrypted with the key " + writtenWith.get();
    } else if (writtenWith.isPresent()) {
      message = "was encrypted with the key " + writtenWith.get() + ", and is damaged";
    } else if (!recipients.isEmpty()) {
      message =
          "is encrypted for the OpenPGP key "
              + recipients.stream().map(UnopenedObject::words).collect(Collectors.joining(" or "));
    } else {
      message = "is encrypted with a key that nothing names, or damaged";
    }
    return Problem.verificationFailed(
            name
                + " "
                + message
                + (configured.isEmpty()
                    ? "; no key to read with is configured"
                    : "; configured is " + String.join(", ", configured)),
            "Name the file with that key in the configuration's section encryption, a key that is no"
                + " longer written with in encryption.previousKeyFiles.")
        .asException();
  }

  /// @param writtenWith the fingerprint that the writer of an object which is plain left somewhere
  public static PgBackupException plain(String name, String writtenWith) {
    return Problem.verificationFailed(
            name + " was written with the key " + writtenWith + ", and is not encrypted",
            "Somebody without the key replaced it, or it was not encrypted when it was written."
                + " Find out who writes to the store.")
        .asException();
  }

  /// Whether an object needs a key that is not there, and is not damaged for all that is known.
  ///
  /// @param writtenWith,configured as for the exception
  public static boolean isForeign(Optional<String> writtenWith, List<String> configured) {
    return writtenWith.filter(key -> !isAmong(key, configured)).isPresent();
  }

  /// @param writtenWith a method and what it encrypted for, one or several with a plus between them
  private static boolean isAmong(String writtenWith, List<String> configured) {
    int method = writtenWith.indexOf(':') + 1;
    return Arrays.stream(writtenWith.substring(method).split("\\+"))
        .anyMatch(key -> configured.contains(writtenWith.substring(0, method) + key));
  }

  private static String words(String keyId) {
    return keyId.matches("0+") ? "of somebody who is not named" : keyId;
  }
}
