{
  description = "the message of the day, kept in a repository of its own";

  outputs = _: {
    # Without the line break at the end.
    lib.message = builtins.replaceStrings [ "\n" ] [ "" ] (builtins.readFile ./message);
  };
}
