package io.pgbackup.restore;

import java.nio.file.Path;

/// A password that a role of the restored server is to have: what is restored has those of its
/// time.
///
/// @param file that holds it, readable for nobody else
public record RolePassword(String role, Path file) {}
