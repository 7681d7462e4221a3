#include "probes/vantage_service.h"

int main(int argc, char** argv) { return blackstart::run_vantage_cli(argc, argv); }
