# What cmake --install puts where. With a prefix of /usr, configuration goes into /etc.
set(SYSTEMD_UNIT_DIR lib/systemd/system CACHE STRING "Where systemd units go")
set(SYSUSERS_DIR lib/sysusers.d CACHE STRING "Where systemd-sysusers files go")
set(COMPLETIONS_DIR ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    CACHE STRING "Where bash finds completions")

configure_file(systemd/linkbandd.service.in systemd/linkbandd.service @ONLY)
configure_file(systemd/lan/linkbandd.service.conf.in systemd/lan/linkbandd.service.conf @ONLY)

install(TARGETS linkbandd)
install(FILES ${PROJECT_BINARY_DIR}/systemd/linkbandd.service systemd/linkbandd.socket
        DESTINATION ${SYSTEMD_UNIT_DIR})
install(FILES systemd/linkbandd.sysusers DESTINATION ${SYSUSERS_DIR} RENAME linkbandd.conf)
install(FILES systemd/linkbandd.conf DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/linkbandd)
install(FILES docs/man/linkbandd.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES docs/man/linkbandd.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES systemd/completions/linkbandd DESTINATION ${COMPLETIONS_DIR})
install(FILES systemd/lan/linkbandd.socket.conf ${PROJECT_BINARY_DIR}/systemd/lan/linkbandd.service.conf
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples/lan)
install(DIRECTORY docs/examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples PATTERN node_modules EXCLUDE)

# A package of its own: cmake --install . --component uplink.
if(TARGET linkband-uplink)
  configure_file(systemd/linkband-uplink.service.in systemd/linkband-uplink.service @ONLY)
  set(of_uplink COMPONENT uplink EXCLUDE_FROM_ALL)
  install(TARGETS linkband-uplink ${of_uplink})
  install(FILES ${PROJECT_BINARY_DIR}/systemd/linkband-uplink.service DESTINATION ${SYSTEMD_UNIT_DIR} ${of_uplink})
  install(FILES systemd/linkband-uplink.sysusers DESTINATION ${SYSUSERS_DIR} RENAME linkband-uplink.conf ${of_uplink})
  install(FILES systemd/uplink.conf DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/linkbandd ${of_uplink})
  install(FILES docs/man/linkband-uplink.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 ${of_uplink})
endif()
