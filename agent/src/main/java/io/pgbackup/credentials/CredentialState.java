package io.pgbackup.credentials;

import io.pgbackup.credentials.policy.Role;
import io.pgbackup.problem.Problem;
import java.time.Instant;
import java.util.Optional;

/// What is known of the credential that is used now. Immutable; shows no secret.
///
/// @param role as its document says it
/// @param issuedAt by the broker's clock
/// @param expiration when the store stops accepting it, where that is known
/// @param expired past its expiration, or refused by the store as unknown
/// @param problem what a person should do something about
public record CredentialState(
    Optional<Role> role,
    Optional<Instant> issuedAt,
    Optional<Instant> expiration,
    boolean expired,
    Optional<Problem> problem) {}
