package io.pgbackup.archive;

import java.time.Duration;

/// How long each step of a conversation may take and how much may go on at once.
///
/// @param transfers files of 16 MiB that are held in memory at the same time; greater ones count as
///   several
/// @param connections conversations at the same time; more wait to be accepted
/// @param idle how long a connection may say nothing between two requests
/// @param head how long a request's head may take to arrive
/// @param transfer how long content may take to pass the socket, either way
/// @param slot how long a request waits until it may be held in memory
/// @param pushAnswer from the last octet of a push to its reply. WAL-G's client gives up after 60
///   seconds; a push that takes longer goes on, and PostgreSQL's next attempt joins it
/// @param fetchAnswer from a fetch to its reply; longer, because recovery stops at a failure
/// @param drain how long closing waits for requests under way
public record SocketLimits(
    int transfers,
    int connections,
    Duration idle,
    Duration head,
    Duration transfer,
    Duration slot,
    Duration pushAnswer,
    Duration fetchAnswer,
    Duration drain) {
  public static final SocketLimits DEFAULT =
      new SocketLimits(
          4,
          64,
          Duration.ofSeconds(60),
          Duration.ofSeconds(10),
          Duration.ofSeconds(100),
          Duration.ofSeconds(30),
          Duration.ofSeconds(50),
          Duration.ofSeconds(100),
          Duration.ofSeconds(30));
}
