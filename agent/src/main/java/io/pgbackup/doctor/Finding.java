package io.pgbackup.doctor;

/// What one check found.
///
/// @param check its name, unique in its group
public record Finding(Group group, String check, Outcome outcome) {}
