package io.pgbackup.archive;

import java.io.IOException;

/// The other side sent something that the protocol does not know. The message is its answer.
final class BadRequestException extends IOException {
  private static final long serialVersionUID = 1L;

  BadRequestException(String message) {
    super(message);
  }
}
