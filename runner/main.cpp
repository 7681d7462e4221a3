#include "runner/commands.h"

int main(int argc, char** argv) { return blackstart::run_cli(argc, argv); }
