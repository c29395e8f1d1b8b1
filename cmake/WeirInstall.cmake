# `cmake --install build/release --prefix DIR`: bin/weir finds share/weir/plugins beside its prefix.
include(GNUInstallDirs)
install(TARGETS weir RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY plugins/ DESTINATION ${CMAKE_INSTALL_DATADIR}/weir/plugins)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/weir)
